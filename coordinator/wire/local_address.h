#pragma once

#include <string>

namespace strads::wire {

// The address of this machine on the way to `endpoint` (tcp://HOST:PORT), as ZeroMQ writes it:
// "10.0.0.7" or "[fe80::1]". Sends nothing. Throws Error (kPeer) if there is no way.
std::string LocalAddressToward(const std::string& endpoint);

// `endpoint` (tcp://HOST:PORT) with the first IPv4 address of its host instead of the name. Throws
// Error (kPeer) if the name is not known.
std::string WithAddressOfHost(const std::string& endpoint);

}  // namespace strads::wire
