#include <strads/output_file.h>

#include <algorithm>
#include <numeric>

#include "coordinator/format.h"
#include "coordinator/search/search_app.h"

namespace strads::search {
namespace {

constexpr size_t kMostLines = 20;

std::string WithWidth(std::string text, size_t width) {
  text.resize(std::max(width, text.size()), ' ');
  return text;
}

}  // namespace

std::string Model::Table() const {
  std::vector<size_t> order(settings_.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::ranges::stable_sort(
      order, [&](size_t a, size_t b) { return IsBetter(settings_[a], settings_[b]); });
  order.resize(std::min(order.size(), kMostLines));
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
  if (order.size() < settings_.size())
    text += "  and " + FormatCount(std::ssize(settings_) - std::ssize(order)) + " more\n";
  return text;
}

void Model::WriteBest() const {
  const Setting& best = settings_[static_cast<size_t>(best_)];
  std::string text = "# The best of " + std::to_string(settings_.size()) + " settings of " + app_ +
                     ", by " + metric_ + " = " + FormatNumber(best.mean, 8) + ".\n";
  OptionValues values = spec_.base;
  for (size_t a = 0; a < options_.size(); ++a) values[options_[a]] = best.values[a];
  if (!spec_.solver.empty()) values["solver"] = spec_.solver;
  for (const auto& [name, value] : values) text += name + " = " + value + "\n";
  OutputFile file(spec_.best_config);
  file.Write(text);
  file.Finish();
}

}  // namespace strads::search
