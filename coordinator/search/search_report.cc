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

template <size_t N>
bool IsOneOf(const std::string& name, const std::array<const char*, N>& names) {
  return std::ranges::find(names, name) != names.end();
}

// What is to be said of a metric whose values do not compare over those of options of the grid.
std::string WarningOf(const std::string& metric, const std::vector<std::string>& options) {
  constexpr std::array kOfLosses = {"loss", "delta"};
  constexpr std::array kOfPenalties = {"C", "lambda", "lambda_ratio", "l1_ratio"};
  const bool is_objective = metric == "objective";
  if (!is_objective && !metric.ends_with("_loss")) return {};
  std::string names;
  for (const std::string& option : options) {
    if (IsOneOf(option, kOfLosses) || (is_objective && IsOneOf(option, kOfPenalties)))
      names += (names.empty() ? "" : ", ") + option;
  }
  if (names.empty()) return {};
  return "  values of " + metric + " do not compare over settings of " + names + ": " +
         (is_objective ? "--folds and --validation_share do\n"
                       : "each is of its own loss, expected another --metric\n");
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
  return text + WarningOf(metric_, options_);
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
