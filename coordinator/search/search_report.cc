#include <strads/output_file.h>

#include <algorithm>
#include <array>
#include <numeric>

#include "coordinator/config_file.h"
#include "coordinator/format.h"
#include "coordinator/search/search_app.h"

namespace strads::search {
namespace {

constexpr size_t kMostLines = 20;

std::string WithWidth(std::string text, size_t width) {
  text.resize(std::max(width, text.size()), ' ');
  return text;
}

bool ScalesTheObjective(const std::string& option) {
  constexpr std::array kOptions = {"C", "lambda", "lambda_ratio", "l1_ratio", "loss", "delta"};
  return std::ranges::find(kOptions, option) != kOptions.end();
}

}  // namespace

std::string Model::Table() const {
  std::vector<size_t> order(settings_.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::ranges::stable_sort(
      order, [&](size_t a, size_t b) { return IsBetter(settings_[a], settings_[b]); });
  const auto tried = static_cast<size_t>(std::ranges::count_if(settings_, &Setting::tried));
  order.resize(std::min(tried, kMostLines));
  std::vector<size_t> widths;
  for (size_t a = 0; a < options_.size(); ++a) {
    widths.push_back(options_[a].size());
    for (const size_t n : order) widths[a] = std::max(widths[a], settings_[n].values[a].size());
  }
  std::string text = "\n  ";
  for (size_t a = 0; a < options_.size(); ++a) text += WithWidth(options_[a], widths[a] + 2);
  text += metric_ + (folds_ > 0 ? " (mean over folds, its standard error)\n" : "\n");
  for (const size_t n : order) {
    text += static_cast<int64_t>(n) == best_ ? "* " : "  ";
    for (size_t a = 0; a < options_.size(); ++a)
      text += WithWidth(settings_[n].values[a], widths[a] + 2);
    if (settings_[n].failed) {
      text += "failed\n";
      continue;
    }
    text += FormatNumber(settings_[n].mean, 8);
    if (folds_ > 0) text += " +- " + FormatNumber(settings_[n].error, 2);
    text += "\n";
  }
  if (order.size() < tried)
    text += "  and " + FormatCount(static_cast<int64_t>(tried) - std::ssize(order)) + " more\n";
  if (tried < settings_.size())
    text += "  " + FormatCount(std::ssize(settings_) - static_cast<int64_t>(tried)) +
            " settings were not trained\n";
  if (metric_ == "objective" && std::ranges::any_of(options_, ScalesTheObjective))
    text +=
        "  objectives of other values of these options do not compare: --folds and "
        "--validation_share do\n";
  return text;
}

void Model::WriteBest() const {
  const Setting& best = settings_[static_cast<size_t>(best_)];
  const auto tried = std::ranges::count_if(settings_, &Setting::tried);
  const bool is_last = tried == std::ssize(settings_);
  std::string text = "# The best " + std::string(is_last ? "" : "so far ") + "of " +
                     std::to_string(settings_.size()) + " settings of " + app_ + ", by " + metric_ +
                     " = " + FormatNumber(best.mean, 8) + ".\n";
  OptionValues values = spec_.base;
  for (size_t a = 0; a < options_.size(); ++a) values[options_[a]] = best.values[a];
  if (!spec_.solver.empty()) values["solver"] = spec_.solver;
  for (const auto& [name, value] : values) text += name + " = " + ConfigText(value) + "\n";
  OutputFile file(spec_.best_config);
  file.Write(text);
  file.Finish();
}

}  // namespace strads::search
