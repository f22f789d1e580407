#pragma once

#include <strads/replaced_file.h>
#include <strads/side_file.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "apps/mf/factors.h"

namespace strads::mf {

// rows x rank float32 in a .npy file (NumPy format 1.0: little-endian, row after row), written row
// by row in any order: to a temporary file beside it, which goes with this object unless it is
// completed.
class FactorFile {
 public:
  // Rows that are never written are zero. Throws kData if the file cannot be made.
  FactorFile(std::string path, int64_t rows, int rank);
  ~FactorFile();
  FactorFile(const FactorFile&) = delete;
  FactorFile& operator=(const FactorFile&) = delete;

  void Write(int64_t row, std::span<const float> values);
  // All rows are written. Throws kData if they cannot be brought to the disk.
  std::unique_ptr<SideFile> Complete();

 private:
  void Fail(const char* what) const;
  void GiveUp();

  const std::string path_;
  const ReplacedFile whole_;
  const int rank_;
  int64_t head_ = 0;  // bytes
  int file_ = -1;
};

// The whole of such a file. Throws kData "path: ..." if it is not one of rows x rank.
Factors ReadFactors(const std::string& path, int64_t rows, int rank);

std::string UserFactorPath(const std::string& model);
std::string ItemFactorPath(const std::string& model);

}  // namespace strads::mf
