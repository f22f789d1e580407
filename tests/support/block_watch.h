#pragma once

#include <strads/program.h>

#include <map>
#include <string>
#include <vector>

#include "tests/support/rotating_app.h"

namespace strads::testing {

// Where every block of a run of Rotating is: at a worker, on its way to one, or collected. A block
// changes its place in few calls of a role, all of which are reported here, so that what holds at
// each of them holds at every moment in between. Not thread-safe: for simulations.
class BlockWatch {
 public:
  // The program, whose roles report to this, which must outlive them.
  Program Watched(const Program& program);

  // A block that was made twice, came twice or to the wrong worker, or was used or sent by one that
  // did not have it.
  const std::vector<std::string>& problems() const { return problems_; }
  int64_t moves() const { return moves_; }
  int64_t collected() const;

 private:
  friend class WatchedRotation;
  friend class WatchedModel;
  struct Place {
    int rank = -1;  // at this worker; -1: not at any
    int to = -1;    // on its way to this worker; -1: to the coordinator
    int next = -1;  // where it goes after the push at hand
    bool collected = false;
  };
  void Require(bool holds, int32_t block, const std::string& what);
  void OnMake(int rank, int32_t block);
  void OnPush(int rank, int32_t block, int next);
  void OnTake(int rank, int32_t block);
  void OnPut(int rank, int32_t block);
  void OnCollect(int32_t block);

  std::map<int32_t, Place> places_;
  std::vector<std::string> problems_;
  int64_t moves_ = 0;
};

}  // namespace strads::testing
