#include <strads/output_file.h>

#include <cstdio>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "apps/mf/commands.h"
#include "apps/mf/trained_model.h"

namespace strads::mf {
namespace {

struct ExportOptions {
  std::string model;
  std::string output;
  std::string format = "text";
  bool fold = false;
  STRADS_FIELDS(model, output, format, fold)
  STRADS_HELP("model: file that train has written",
              "output: file to write; empty: standard output",
              "format: text (a line a row: user or item TAB name TAB bias TAB factors) or libmf "
              "(the model file of libmf; users and items are numbers from 0, in the model's order)",
              "fold: with libmf, put mean and biases into two factors more, as that format has no "
              "place for them")
};

std::string Number(double value, const char* format) {
  char text[40];
  std::snprintf(text, sizeof text, format, value);
  return text;
}

// 9 digits are enough for a float, 17 for a double, to be read back as it was.
std::string Float(float value) { return Number(static_cast<double>(value), "%.9g"); }

// Files are written row by row: no model is in memory twice.
void WriteText(const TrainedModel& model, OutputFile& output) {
  output.Write("mean\t" + Number(model.mean(), "%.17g") + "\n");
  const auto write = [&](const char* side, const IdTable& names, const Factors& factors,
                         const auto& bias_of) {
    for (int32_t row = 0; row < names.size(); ++row) {
      std::string line = std::string(side) + '\t';
      line += names.Name(row);
      line += '\t' + Float(bias_of(row));
      for (const float x : factors.Row(row)) line += '\t' + Float(x);
      output.Write(line + '\n');
    }
  };
  write("user", model.users(), model.user_factors(), [&](int32_t u) { return model.UserBias(u); });
  write("item", model.items(), model.item_factors(), [&](int32_t i) { return model.ItemBias(i); });
}

// libmf predicts p.q, so mean + b + c + w.h is the product of (w, mean + b, 1) and (h, 1, c).
void WriteLibmf(const TrainedModel& model, bool fold, OutputFile& output) {
  constexpr int kSquaredError = 0;
  output.Write(
      "f " + std::to_string(kSquaredError) + "\nm " + std::to_string(model.users().size()) +
      "\nn " + std::to_string(model.items().size()) + "\nk " +
      std::to_string(model.rank() + (fold ? 2 : 0)) + "\nb " + Number(model.mean(), "%.9g") + "\n");
  const auto write = [&](char side, const Factors& factors, const auto& more_of) {
    for (int64_t row = 0; row < factors.rows(); ++row) {
      std::string line = side + std::to_string(row) + " T ";
      for (const float x : factors.Row(row)) line += Float(x) + ' ';
      if (fold) {
        const auto [first, second] = more_of(static_cast<int32_t>(row));
        line += Float(first) + ' ' + Float(second) + ' ';
      }
      output.Write(line + '\n');
    }
  };
  write('p', model.user_factors(),
        [&](int32_t u) { return std::pair(static_cast<float>(model.Base(u)), 1.0F); });
  write('q', model.item_factors(), [&](int32_t i) { return std::pair(1.0F, model.ItemBias(i)); });
}

int RunExport(const ExportOptions& options) {
  RequireFile("model", options.model);
  RequireOneOf("format", options.format, "text", "libmf");
  if (options.fold && options.format != "libmf") throw UsageError("--fold needs --format=libmf");
  const TrainedModel model(options.model);
  if (options.format == "libmf" && !options.fold && (model.mean() != 0 || model.has_biases()))
    throw DataError(options.model + ": has " + (model.has_biases() ? "biases" : "a mean") +
                    ", which libmf's format cannot hold, expected a model trained with --nocenter "
                    "and without --biases, or --fold");
  OutputFile output(options.output);
  options.format == "libmf" ? WriteLibmf(model, options.fold, output) : WriteText(model, output);
  output.Finish();
  return 0;
}

}  // namespace

Command ExportCommand() {
  return MakeCommand<ExportOptions>("export", "write a model as text, for other programs",
                                    RunExport);
}

}  // namespace strads::mf
