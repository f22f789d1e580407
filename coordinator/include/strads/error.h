#pragma once

#include <cstddef>
#include <stdexcept>
#include <string>
#include <string_view>

namespace strads {

// What was wrong with the outside world. Bugs of our own are CHECKs, and how a run ended is a
// Termination: neither is an Error.
enum class ErrorKind {
  kUsage,     // a flag, a config file or a command
  kData,      // an input or output file
  kPeer,      // another process of the run: lost, late, or refused
  kProtocol,  // bytes that are not what the wire format allows
  kStopped,   // the user's wish to stop, before there was a model to save
  kFailed,    // what was asked for is well-formed and cannot be done: memory runs out, say
};

// The exit code of a process that ends by an error of this kind: 2, 3, 4, 5, 130, 1 in the order
// above.
constexpr int ExitCode(ErrorKind kind) {
  if (kind == ErrorKind::kFailed) return 1;
  return kind == ErrorKind::kStopped ? 130 : 2 + static_cast<int>(kind);
}

// `text` as one line that any terminal may show: control characters, and bytes that are no UTF-8,
// as \n, \t or \xNN. Of the first `most` bytes. O(length).
std::string OneLine(std::string_view text, size_t most = std::string_view::npos);

// The only exception that strads throws on purpose, but for std::logic_error where a caller of the
// library breaks its rules. "Throws UsageError" is an Error of that kind. The message is OneLine
// for the user; for a file it reads "path:line: what is wrong, what was expected".
class Error : public std::runtime_error {
 public:
  static constexpr const char* kNoText = "an error that does not say what is wrong";

  Error(ErrorKind kind, const std::string& message)
      : std::runtime_error(message.empty() ? kNoText : OneLine(message)), kind_(kind) {}
  ErrorKind kind() const { return kind_; }

 private:
  ErrorKind kind_;
};

inline Error UsageError(const std::string& message) { return {ErrorKind::kUsage, message}; }
inline Error DataError(const std::string& message) { return {ErrorKind::kData, message}; }
inline Error PeerError(const std::string& message) { return {ErrorKind::kPeer, message}; }
inline Error ProtocolError(const std::string& message) { return {ErrorKind::kProtocol, message}; }
inline Error FailedError(const std::string& message) { return {ErrorKind::kFailed, message}; }
// What std::bad_alloc is to people.
inline Error OutOfMemory() {
  return FailedError("out of memory: the data or the model need more than there is");
}

}  // namespace strads
