#pragma once

#include <strads/corpus.h>

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "apps/lda/prior.h"

namespace strads::lda {

// The topics of tokens in such a file as --tokens writes, in the order of `documents`, whose
// numbers `ids` ascend, and whose word w is word_of[w] in the file; tokens of a word in the order
// of the file. Other documents of the file are skipped. Throws kData "path:line: ..." where it does
// not have the tokens of the documents, "path: ..." if one is missing. O(file).
std::vector<Topic> ReadTokenTopics(const std::string& path,
                                   const Corpus& documents,
                                   std::span<const int64_t> ids,
                                   std::span<const int32_t> word_of,
                                   int topics);

}  // namespace strads::lda
