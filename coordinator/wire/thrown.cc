#include "coordinator/wire/thrown.h"

#include <strads/error.h>

#include <exception>

namespace strads::wire {

std::string WhatWasThrown(const std::string& who) {
  try {
    throw;
  } catch (const std::exception& error) {
    const std::string text = OneLine(error.what());
    return text.empty() ? who + " threw an exception that does not say what is wrong" : text;
  } catch (...) {
    return who + " threw something that is no std::exception";
  }
}

}  // namespace strads::wire
