#pragma once

#include <string>

#include "tests/process/cli.h"
#include "tests/support/lda_files.h"

namespace strads::testing {

inline Finished RunLda(const std::string& command, const Words& flags) {
  Words words = {"lda", command};
  if (command == "train") words.emplace_back("--noprogress");
  words.insert(words.end(), flags.begin(), flags.end());
  return RunStrads(words);
}

// Sentences of two kinds, an empty line, and a line of stop words alone.
inline std::string TwoKindsOfSentences() {
  std::string text;
  for (int i = 0; i < 12; ++i) {
    text += "goal match team striker referee goal\n";
    text += "oven flour butter sugar recipe oven\n";
  }
  return text + "\nthe and of\n";
}

}  // namespace strads::testing
