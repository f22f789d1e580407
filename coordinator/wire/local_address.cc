#include "coordinator/wire/local_address.h"

#include <netdb.h>
#include <strads/error.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>

namespace strads::wire {
namespace {

class UdpSocket {
 public:
  explicit UdpSocket(int family) : file_(socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {}
  ~UdpSocket() {
    if (file_ >= 0) close(file_);
  }
  UdpSocket(const UdpSocket&) = delete;
  UdpSocket& operator=(const UdpSocket&) = delete;
  int file() const { return file_; }

 private:
  const int file_;
};

// Connecting a datagram socket chooses a route and its source address without sending anything.
std::string SourceAddress(const addrinfo& target) {
  const UdpSocket udp(target.ai_family);
  sockaddr_storage own = {};
  socklen_t length = sizeof own;
  char host[NI_MAXHOST] = {};
  if (udp.file() < 0 || connect(udp.file(), target.ai_addr, target.ai_addrlen) != 0 ||
      getsockname(udp.file(), reinterpret_cast<sockaddr*>(&own), &length) != 0 ||
      getnameinfo(reinterpret_cast<const sockaddr*>(&own), length, host, sizeof host, nullptr, 0,
                  NI_NUMERICHOST) != 0)
    return {};
  return own.ss_family == AF_INET6 ? "[" + std::string(host) + "]" : host;
}

using AddressList = std::unique_ptr<addrinfo, decltype(&freeaddrinfo)>;

AddressList Find(const std::string& endpoint, int family, int type) {
  const size_t begin = endpoint.find("://") + 3, colon = endpoint.rfind(':');
  std::string host = endpoint.substr(begin, colon - begin);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  addrinfo hints = {};
  hints.ai_family = family;
  hints.ai_socktype = type;
  addrinfo* found = nullptr;
  const int error = getaddrinfo(host.c_str(), endpoint.substr(colon + 1).c_str(), &hints, &found);
  if (error != 0)
    throw PeerError("cannot find the host of " + endpoint + ": " + gai_strerror(error));
  return {found, freeaddrinfo};
}

}  // namespace

std::string LocalAddressToward(const std::string& endpoint) {
  const AddressList targets = Find(endpoint, AF_UNSPEC, SOCK_DGRAM);
  for (const addrinfo* target = targets.get(); target != nullptr; target = target->ai_next) {
    std::string address = SourceAddress(*target);
    if (!address.empty()) return address;
  }
  throw PeerError("there is no route to " + endpoint + ": " + std::strerror(errno));
}

std::string WithAddressOfHost(const std::string& endpoint) {
  const size_t colon = endpoint.rfind(':');
  // The port may be a *, which is no service.
  const AddressList found = Find(endpoint.substr(0, colon) + ":0", AF_INET, SOCK_STREAM);
  char host[NI_MAXHOST] = {};
  const int error =
      getnameinfo(found->ai_addr, found->ai_addrlen, host, sizeof host, nullptr, 0, NI_NUMERICHOST);
  if (error != 0)
    throw PeerError("cannot find the host of " + endpoint + ": " + gai_strerror(error));
  return "tcp://" + std::string(host) + endpoint.substr(colon);
}

}  // namespace strads::wire
