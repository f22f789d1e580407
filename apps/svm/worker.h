#pragma once

#include <strads/labelled_rows.h>
#include <strads/parallel.h>
#include <strads/shard.h>

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "apps/svm/local_solver.h"
#include "apps/svm/messages.h"
#include "apps/svm/options.h"
#include "apps/svm/training_rows.h"

namespace strads::svm {

// Owns a shard of the data with its dual variables, and follows the weights.
class Worker {
 public:
  Worker(const Options& options, Shard shard);
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  Partial Push(const Plan& plan);
  void Sync(const Update& update);
  // Of the best model that was measured.
  double Loss() const;
  // Likewise, of the rows held out: how many, and how many are put into their class.
  std::vector<double> Measures() const;

 private:
  struct Problem {
    std::unique_ptr<LocalSolver> solver;  // of one that this worker owns
    std::vector<double> w;
    double best_loss = 0;
    ScaledLosses measured{};
    std::vector<double> direction = {};  // of a proximal point
    std::vector<double> best = {};       // w, if rows are held out

    // What was measured last, at one of its scales; nothing for -1.
    void TakeBest(int32_t scale);
  };

  Partial CountRows() const;
  Partial Look() const;
  Partial Solve(const Plan& plan);
  ProblemStep TakeStep(const ProblemPlan& plan);
  Partial Measure(const Plan& plan);
  void SplitRows(const Update& update);
  void SetUp(const Update& update);
  int64_t CountRight(std::span<const double* const> weights) const;
  Problem& At(int32_t problem);
  bool Owns(int32_t problem) const {
    return rows_of_.num_workers == shard_.num_workers ||
           OwnerOf(problem, shard_.num_workers) == shard_.rank;
  }
  // Held-out rows are put into their classes by the weights of all.
  bool Follows(int32_t problem) const { return Owns(problem) || !validation_.empty(); }

  const Options options_;
  const Shard shard_;
  Shard rows_of_;  // shard_, or all
  ThreadPool pool_;
  LabelledRows data_;
  std::vector<int64_t> validation_;  // rows that are held out
  int32_t num_classes_ = 0;
  TrainingRows rows_;
  double costs_ = 0;  // of all rows: the loss at w = 0
  int64_t least_visits_ = 1;
  std::vector<Problem> problems_;
};

}  // namespace strads::svm
