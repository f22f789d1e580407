#pragma once

#include <string>

#include "strads/id_table.h"

namespace strads {

// The stop words of CorpusOptions::stop_words. Throws what opening and reading a text throws.
IdTable StopWords(const std::string& name);

}  // namespace strads
