#pragma once

#include <strads/replaced_file.h>
#include <strads/side_file.h>

#include <string>

namespace strads {

// The temporary of a file that is replaced, once all of it is written.
class CompletedFile final : public SideFile {
 public:
  // Sees that what is open as `file`, whole.temporary(), is on the disk; `path` is its name in
  // errors. Throws kData if that fails: then the temporary is still the caller's to remove.
  CompletedFile(std::string path, ReplacedFile whole, int file);
  ~CompletedFile() override;

  void Place() override;
  // Removes what it is to replace. Throws kData if that cannot be.
  void Vacate() const;

 private:
  [[noreturn]] void Fail() const;

  const std::string path_;
  const ReplacedFile whole_;
  bool is_placed_ = false;
};

}  // namespace strads
