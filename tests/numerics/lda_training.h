#pragma once

#include <gtest/gtest.h>
#include <strads/model_file.h>
#include <strads/run.h>

#include <map>
#include <set>
#include <string>
#include <utility>

#include "apps/lda/lda.h"
#include "apps/lda/row_file.h"
#include "tests/numerics/lda_problems.h"
#include "tests/process/cli.h"
#include "tests/support/lda_files.h"
#include "tests/support/temp_files.h"

namespace strads::testing {

// Training in this process, and what it writes.
class LdaTrain : public ::testing::Test {
 protected:
  LdaTrain() {
    options_.model = directory_.Path("model");
    options_.topics = 5;
    options_.epochs = 4;
    options_.checks = true;
  }

  // Writes documents in lda-c; the name of word w is w + 1.
  void Make(Corpus documents) {
    documents_ = std::move(documents);
    std::string text;
    for (int64_t d = 0; d < documents_.num_documents(); ++d) {
      const auto words = documents_.Words(d), counts = documents_.Counts(d);
      text += std::to_string(words.size());
      for (size_t n = 0; n < words.size(); ++n)
        text += " " + std::to_string(words[n]) + ":" + std::to_string(counts[n]);
      text += "\n";
    }
    options_.data = directory_.Write("docs.ldac", text);
    options_.format = "lda-c";
  }
  void UsePlanted() {
    const std::string planted = STRADS_SOURCE_DIR "/apps/lda/data/planted";
    options_.data = planted + ".docword.txt.xz";
    options_.vocab = planted + ".vocab.txt";
    options_.topics = 10;
    options_.alpha = 0.1;
    options_.checks = false;
  }

  Summary Train(int workers, RunOptions run = {}) {
    run.workers = workers;
    run.seed = options_.seed;
    run.model = options_.model;
    options_.workers = workers;
    likelihoods_.clear();
    perplexities_.clear();
    RunHooks hooks;
    hooks.on_round = [&](const RoundRecord& record) {
      if (record.extra.contains("log_likelihood"))
        likelihoods_[static_cast<int>(record.extra.at("epoch"))] =
            record.extra.at("log_likelihood");
      if (record.extra.contains("heldout_perplexity"))
        perplexities_.insert(record.extra.at("heldout_perplexity"));
    };
    const RunResult result = strads::Run(lda::MakeLda(), ToValues(options_), run, hooks);
    WriteModel(options_.model, {.app = "lda", .options = ToValues(options_), .model = result.model},
               result.summary, result.side_files);
    bytes_ = std::string(result.model.view());
    model_ = Unpack<lda::Model>(result.model);
    return result.summary;
  }
  TopicRows Words() const { return TopicRows(lda::WordRowsPath(options_.model)); }
  TopicRows Documents() const { return TopicRows(lda::DocumentRowsPath(options_.model)); }
  // All that a run has written.
  std::string Written() const {
    return bytes_ + ReadText(lda::WordRowsPath(options_.model)) +
           ReadText(lda::DocumentRowsPath(options_.model));
  }

  TempDir directory_;
  Corpus documents_;
  lda::Options options_;
  std::map<int, double> likelihoods_;  // by epoch
  std::set<double> perplexities_;
  std::string bytes_;
  lda::Model model_;
};

}  // namespace strads::testing
