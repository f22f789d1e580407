#pragma once

#include <string>

namespace strads::wire {

// What the exception that is being handled says, OneLine, or that it says nothing; `who` threw it.
std::string WhatWasThrown(const std::string& who);

}  // namespace strads::wire
