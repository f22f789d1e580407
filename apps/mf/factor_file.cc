#include "apps/mf/factor_file.h"

#include <fcntl.h>
#include <strads/completed_file.h>
#include <strads/error.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <utility>

namespace strads::mf {
namespace {

// Magic, version 1.0, length of the rest, a Python dict, spaces up to a multiple of 64, newline.
std::string HeadOf(int64_t rows, int rank) {
  std::string dict = "{'descr': '<f4', 'fortran_order': False, 'shape': (" + std::to_string(rows) +
                     ", " + std::to_string(rank) + "), }";
  constexpr size_t kPrefix = 10;
  dict.append(63 - (kPrefix + dict.size()) % 64, ' ');
  dict += '\n';
  std::string head("\x93NUMPY\x01\x00", 8);
  head += static_cast<char>(dict.size() % 256);
  head += static_cast<char>(dict.size() / 256);
  return head + dict;
}

// What a file with this beginning is, in words.
std::string WhatIs(const std::string& head) {
  if (!head.starts_with("\x93NUMPY")) return "is no .npy file";
  const size_t dict = head.find('{'), end = head.find('}');
  if (dict == std::string::npos || end == std::string::npos) return "is cut off in its header";
  return "is a .npy file of " + head.substr(dict, end + 1 - dict);
}

}  // namespace

FactorFile::FactorFile(std::string path, int64_t rows, int rank)
    : path_(std::move(path)), whole_(path_), rank_(rank) {
  file_ = open(whole_.temporary().c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (file_ < 0) Fail("cannot be written");
  const std::string head = HeadOf(rows, rank);
  head_ = std::ssize(head);
  if (pwrite(file_, head.data(), head.size(), 0) != head_ ||
      ftruncate(file_, head_ + rows * rank * int64_t{sizeof(float)}) != 0) {
    const int why = errno;
    GiveUp();
    errno = why;
    Fail("cannot be written");
  }
}

FactorFile::~FactorFile() { GiveUp(); }

void FactorFile::GiveUp() {
  if (file_ < 0) return;
  close(std::exchange(file_, -1));
  whole_.Remove();
}

void FactorFile::Fail(const char* what) const {
  throw DataError(path_ + ": " + what + ": " + std::strerror(errno));
}

void FactorFile::Write(int64_t row, std::span<const float> values) {
  const auto size = std::ssize(values) * int64_t{sizeof(float)};
  const char* from = reinterpret_cast<const char*>(values.data());
  int64_t at = head_ + row * rank_ * int64_t{sizeof(float)};
  for (int64_t left = size; left > 0;) {
    const ssize_t written = pwrite(file_, from, static_cast<size_t>(left), at);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) Fail("cannot be written");
    from += written;
    at += written;
    left -= written;
  }
}

std::unique_ptr<SideFile> FactorFile::Complete() {
  auto completed = std::make_unique<CompletedFile>(path_, whole_, file_);
  if (close(std::exchange(file_, -1)) != 0) Fail("cannot be written");
  return completed;
}

Factors ReadFactors(const std::string& path, int64_t rows, int rank) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw DataError(path + ": cannot be opened: " + std::strerror(errno));
  const std::string expected = HeadOf(rows, rank);
  std::string head(expected.size(), '\0');
  file.read(head.data(), std::ssize(head));
  head.resize(static_cast<size_t>(file.gcount()));
  if (!file || head != expected)
    throw DataError(path + ": " + WhatIs(head) +
                    ", expected the factors of this model: a .npy file of shape (" +
                    std::to_string(rows) + ", " + std::to_string(rank) + "), float32, row by row");
  Factors factors(rows, rank);
  for (int64_t row = 0; row < rows; ++row) {
    if (!file.read(reinterpret_cast<char*>(factors.At(row)), rank * int64_t{sizeof(float)}))
      throw DataError(path + ": ends before row " + std::to_string(row) + " of " +
                      std::to_string(rows));
  }
  if (file.peek() != std::ifstream::traits_type::eof())
    throw DataError(path + ": goes on after its last row");
  return factors;
}

std::string UserFactorPath(const std::string& model) { return model + ".users.npy"; }
std::string ItemFactorPath(const std::string& model) { return model + ".items.npy"; }

}  // namespace strads::mf
