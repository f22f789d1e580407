#include "coordinator/progress.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "coordinator/format.h"

namespace strads {
namespace {

constexpr double kTerminalSeconds = 0.1;
constexpr double kLogSeconds = 1;
constexpr double kLeastSeconds = 1e-3;  // rates over less tell more of the clock than of the run

}  // namespace

Progress::Progress(std::FILE* out, bool enabled)
    : out_(out), enabled_(enabled), terminal_(isatty(fileno(out)) != 0) {}

Progress::~Progress() {
  if (line_open_) std::fputc('\n', out_);
}

void Progress::Clear() {
  if (line_open_) std::fputs("\r\033[K", out_);
  line_open_ = false;
}

void Progress::News(const std::string& text) {
  if (!enabled_) return;
  Clear();
  std::fprintf(out_, "%s\n", text.c_str());
  std::fflush(out_);
}

void Progress::Print(std::string line) {
  Clear();
  if (terminal_) {
    winsize size{};
    // A line that wraps could not be cleared.
    if (ioctl(fileno(out_), TIOCGWINSZ, &size) == 0 && size.ws_col > 1)
      line.resize(std::min<size_t>(line.size(), size.ws_col - 1U));
    line_open_ = true;
  } else {
    line += '\n';
  }
  std::fputs(line.c_str(), out_);
  std::fflush(out_);
}

void Progress::Show(const RoundRecord& record) {
  if (!enabled_ || record.seconds < next_) return;
  next_ = record.seconds + (terminal_ ? kTerminalSeconds : kLogSeconds);
  if (!header_shown_) {
    std::fprintf(out_, "%10s %16s %9s %9s %10s %10s %8s\n", "round", "objective", "gap",
                 "non-zeros", "updates/s", "bytes/s", "time");
    header_shown_ = true;
    first_extra_ = record.extra;
  }
  const double seconds = record.seconds - before_.seconds;
  const bool has_rates = seconds >= kLeastSeconds;
  const double updates = static_cast<double>(record.updates - before_.updates) / seconds;
  const double bytes = static_cast<double>(record.bytes_sent + record.bytes_received -
                                           before_.bytes_sent - before_.bytes_received) /
                       seconds;
  char text[160];
  std::snprintf(
      text, sizeof text, "%10s %16s %9s %9s %10s %10s %8s", FormatCount(record.round).c_str(),
      record.measured ? FormatNumber(record.objective, 10).c_str() : "-",
      std::isfinite(record.gap) ? FormatNumber(record.gap, 2).c_str() : "-",
      FormatCount(record.nonzeros).c_str(),
      has_rates ? FormatCount(static_cast<int64_t>(updates)).c_str() : "-",
      has_rates ? FormatBytes(bytes).c_str() : "-", FormatSeconds(record.seconds).c_str());
  std::string line = text;
  for (const auto& [name, value] : record.extra) {
    const auto first = first_extra_.find(name);
    if (first == first_extra_.end() || first->second != value)
      line += "  " + name + " " + FormatNumber(value, 5);
  }
  Print(std::move(line));
  before_ = record;
}

}  // namespace strads
