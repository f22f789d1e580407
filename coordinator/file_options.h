#pragma once

#include <strads/options.h>

#include <string>
#include <vector>

namespace strads {

// Throws Error (kUsage) if a file that `command` (train if it is empty) would write is one that it
// reads, or writes as well: by the time it notices, what was there would be lost. A model may take
// the place of the one it comes from. To its files belong those of its name and each of `endings`.
void RefuseOverwriting(const std::string& command,
                       const std::vector<OptionInfo>& options,
                       const OptionValues& values,
                       const std::vector<std::string>& endings);

// The files that the options name to be read.
std::vector<std::string> InputFiles(const std::vector<OptionInfo>& options,
                                    const OptionValues& values);

// Throws Error (kUsage) if a file that `workers` of them would each read is a pipe or the like,
// which can be read once.
void RefusePipes(int workers, const std::vector<OptionInfo>& options, const OptionValues& values);

}  // namespace strads
