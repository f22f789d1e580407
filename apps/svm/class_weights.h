#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace strads::svm {

// What --class_weights says: a file of a label and its weight (more than 0) a line, blanks between
// them, # begins a comment; `balanced`; or nothing: all are 1.
class ClassWeights {
 public:
  ClassWeights() = default;
  // Throws kData "path:line: ..." for a line that is none.
  explicit ClassWeights(const std::string& option);

  // One for each label. `rows` are the numbers of rows of the classes, all of them more than 0.
  // Throws kData if the file names a label that is not there.
  std::vector<double> Of(const std::vector<std::string>& labels,
                         std::span<const int64_t> rows) const;

 private:
  std::string path_;
  bool is_balanced_ = false;
  struct Given {
    double weight = 1;
    int line = 0;  // of path_
  };
  std::map<std::string, Given> weights_;
};

}  // namespace strads::svm
