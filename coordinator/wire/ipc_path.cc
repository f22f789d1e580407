#include "coordinator/wire/ipc_path.h"

#include <strads/error.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <string_view>

namespace strads::wire {
namespace {

constexpr std::string_view kScheme = "ipc://";

bool SomeoneListensAt(const std::string& path) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return false;  // libzmq will refuse it
  std::memcpy(address.sun_path, path.data(), path.size());
  const int file = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (file < 0) return false;
  const bool connected =
      connect(file, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  close(file);
  return connected;
}

}  // namespace

IpcPath::IpcPath(const std::string& endpoint) {
  if (!endpoint.starts_with(kScheme)) return;
  const std::string path = endpoint.substr(kScheme.size());
  struct stat status = {};
  if (lstat(path.c_str(), &status) == 0) {
    if (!S_ISSOCK(status.st_mode))
      throw PeerError("cannot listen on " + endpoint + ": a file that is no socket lies there");
    if (SomeoneListensAt(path))
      throw PeerError("cannot listen on " + endpoint + ": Address already in use");
    unlink(path.c_str());
  }
  path_ = path;
}

IpcPath::~IpcPath() {
  if (!path_.empty()) unlink(path_.c_str());
}

}  // namespace strads::wire
