#pragma once

#include <string>

namespace strads::wire {

// The socket file of an endpoint ipc://PATH, for as long as this lives.
//
// libzmq would take the place of whatever lies there. What is no socket, or one that someone
// listens at, is refused; one that was left behind is removed, as this is in the end.
class IpcPath {
 public:
  // Does nothing if the endpoint is no ipc://. Throws PeerError.
  explicit IpcPath(const std::string& endpoint);
  ~IpcPath();
  IpcPath(const IpcPath&) = delete;
  IpcPath& operator=(const IpcPath&) = delete;

 private:
  std::string path_;
};

}  // namespace strads::wire
