#pragma once

#include <strads/parallel.h>
#include <strads/rating.h>

#include <cstdint>
#include <span>

#include "apps/mf/rating_grid.h"
#include "apps/mf/sgd_rows.h"

namespace strads::mf {

// Stochastic gradient descent on
//
//   sum over ratings of e_ui^2 + lambda (|w_u|^2 + |h_i|^2 [+ b_u^2 + c_i^2])             weighted
//   sum over ratings of e_ui^2 + lambda (|W|^2 + |H|^2 [+ |b|^2 + |c|^2])                 plain
//
// with e = r - (mean + b_u + c_i + w_u.h_i); SgdRows::decay says which.
struct SgdOptions {
  float mean = 0;          // what a prediction starts from
  float rating_scale = 1;  // the standard deviation of ratings, > 0: makes `rate` free of units
  float rate = 0.1F;       // > 0
  bool biases = false;
  bool nonnegative = false;
};

struct SgdPass {
  uint64_t number = 0;     // draws the order of cells; another one for every pass
  float step_scale = 1;    // steps are this much as long
  bool slow_only = false;  // only the first kLanes factors learn: for the first epoch
  bool is_extra = false;   // beyond the schedule, while others are waited for: counted apart
};

// Goes once through the grid's ratings of a block, whose rows are `items`; `users` are the
// worker's. Counts the pass in items. Returns the sum of e^2, each before its update. The same
// bytes for a given grid whatever pool.threads(); the grid's threads is how many can be of use.
// About 30 cycles + 5 for each 8 of the rank per rating.
double RunSgd(const SgdOptions& options,
              const SgdPass& pass,
              const RatingGrid& grid,
              int64_t block,
              SgdRows& users,
              SgdRows& items,
              ThreadPool& pool);

// The step s of such a pass, 0 <= s < grid.threads(): one after the other they are the pass.
double RunSgdStep(const SgdOptions& options,
                  const SgdPass& pass,
                  const RatingGrid& grid,
                  int64_t block,
                  int s,
                  SgdRows& users,
                  SgdRows& items,
                  ThreadPool& pool);

// Where factors start so that a product of rows has about the spread of ratings: uniform in
// [low, high). Symmetric about 0 where predictions start from the mean; else, and for non-negative
// factors, from 0 on (as libmf has it; then the first epoch should be slow_only).
struct StartRange {
  float low = 0;
  float high = 0;
};
StartRange SgdStart(float rating_scale, int rank, bool symmetric);

// The step scale of pass x = 0, 1, ... over the same block in one sub-epoch: decay^x, so that a
// worker that waits for others may go on without moving its rows further than they can follow
// (Fugue: Kumar, Beutel, Ho, Xing, AISTATS 2014).
float ExtraPassScale(float decay, int64_t x);

// Sum of e^2 over the grid's ratings of a block. The same bytes whatever pool.threads().
double SumSquaredErrors(const RatingGrid& grid,
                        int64_t block,
                        float mean,
                        const SgdRows& users,
                        const SgdRows& items,
                        ThreadPool& pool);

// What RMSE and MAE are made of.
struct ErrorSums {
  double squares = 0;   // sum of e^2
  double absolute = 0;  // sum of |e|
};

// Over ratings, users and items counted from the first row of each. Fixed order of sums.
ErrorSums SumErrors(std::span<const Rating> ratings,
                    float mean,
                    const SgdRows& users,
                    const SgdRows& items,
                    ThreadPool& pool);
// The squares alone.
double SumSquaredErrors(std::span<const Rating> ratings,
                        float mean,
                        const SgdRows& users,
                        const SgdRows& items,
                        ThreadPool& pool);

}  // namespace strads::mf
