#pragma once

#include <memory>
#include <vector>

namespace strads {

// A file that lies beside that of a model, such as one of factors: complete and on the disk under
// another name until it is placed. What is destroyed before leaves nothing.
class SideFile {
 public:
  SideFile() = default;
  virtual ~SideFile() = default;
  SideFile(const SideFile&) = delete;
  SideFile& operator=(const SideFile&) = delete;

  // Takes the place of what an earlier run has left. Throws kData if it cannot.
  virtual void Place() = 0;
};

using SideFiles = std::vector<std::unique_ptr<SideFile>>;

}  // namespace strads
