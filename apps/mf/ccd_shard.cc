#include "apps/mf/ccd_shard.h"

#include <strads/index.h>
#include <strads/rotation_schedule.h>

#include <utility>

namespace strads::mf {
namespace {

constexpr int64_t kChunks = 64;

std::vector<int64_t> Chunks(const ResidualRows& rows) {
  std::vector<int64_t> entries(Index(rows.rows()));
  for (size_t r = 0; r < entries.size(); ++r) entries[r] = rows.begins[r + 1] - rows.begins[r] + 1;
  return BalancedRanges(entries, kChunks);
}

void Assign(std::span<const float> from, AlignedVector<float>& to) {
  to.assign(from.begin(), from.end());
}

void Weigh(float alpha, ResidualRows& rows) {
  rows.weight.resize(rows.residual.size());
  for (size_t j = 0; j < rows.residual.size(); ++j) {
    rows.weight[j] = alpha * rows.residual[j];
    rows.residual[j] = rows.index[j] < rows.others ? 1.0F : 0.0F;
  }
}

void Subtract(float mean, ResidualRows& rows) {
  for (size_t j = 0; j < rows.residual.size(); ++j) {
    if (rows.index[j] < rows.others) rows.residual[j] -= mean;
  }
}

}  // namespace

CcdShard::Copy::Copy(ResidualRows own_rows) : rows(std::move(own_rows)), chunks(Chunks(rows)) {}

CcdShard::CcdShard(ResidualRows by_user, ResidualRows by_item)
    : by_user_(std::move(by_user)), by_item_(std::move(by_item)) {
  for (const auto& [column, size] :
       {std::pair(&closed_w_, users()), std::pair(&closed_h_, items())}) {
    column->before.assign(Index(size), 0.0F);
    column->after.assign(Index(size), 0.0F);
  }
}

CcdShard::CcdShard(std::span<const Rating> ratings, int64_t users, int64_t items, float mean)
    : CcdShard(ByUser(ratings, users, items), ByItem(ratings, users, items)) {
  Subtract(mean, by_user_.rows);
  Subtract(mean, by_item_.rows);
}

CcdShard CcdShard::Implicit(std::span<const Rating> ratings,
                            int64_t users,
                            int64_t items,
                            float alpha) {
  ResidualRows by_user = ByUser(ratings, users, items), by_item = ByItem(ratings, users, items);
  Weigh(alpha, by_user);
  Weigh(alpha, by_item);
  return {std::move(by_user), std::move(by_item)};
}

void CcdShard::Open(std::span<const float> w, std::span<const float> h) {
  Assign(w, open_w_);
  Assign(h, open_h_);
}

void CcdShard::Sum(Copy& copy,
                   const Column& closed_own,
                   const Column& closed_other,
                   std::span<const float> open_own,
                   std::span<const float> open_other,
                   std::span<const float> other_now,
                   std::span<RowSums> sums,
                   ThreadPool& pool) {
  AlignedVector<OtherRow> others(other_now.size() + 1);
  for (size_t j = 0; j < other_now.size(); ++j)
    others[j] = {closed_other.before[j], closed_other.after[j], open_other[j], other_now[j]};
  others.back() = {};
  AlignedVector<OwnRow> own(open_own.size());
  for (size_t r = 0; r < open_own.size(); ++r)
    own[r] = {closed_own.before[r], closed_own.after[r], open_own[r]};
  pool.ParallelFor(kChunks, [&](int64_t begin, int64_t end) {
    const int64_t first = copy.chunks[Index(begin)], last = copy.chunks[Index(end)];
    SumRows(copy.rows, first, std::span(own).subspan(Index(first), Index(last - first)), others,
            copy.behind, sums.subspan(Index(first), Index(last - first)));
  });
  copy.behind = false;
}

void CcdShard::UserSums(std::span<const float> h, std::span<RowSums> sums, ThreadPool& pool) {
  Sum(by_user_, closed_w_, closed_h_, open_w_, open_h_, h, sums, pool);
}

void CcdShard::ItemSums(std::span<const float> w, std::span<RowSums> sums, ThreadPool& pool) {
  Sum(by_item_, closed_h_, closed_w_, open_h_, open_w_, w, sums, pool);
}

void CcdShard::Settle(ThreadPool& pool) {
  if (by_user_.behind) {
    std::vector<RowSums> sums(Index(users()));
    Sum(by_user_, closed_w_, closed_h_, closed_w_.after, closed_h_.after, closed_h_.after, sums,
        pool);
  }
  if (by_item_.behind) {
    std::vector<RowSums> sums(Index(items()));
    Sum(by_item_, closed_h_, closed_w_, closed_h_.after, closed_w_.after, closed_w_.after, sums,
        pool);
  }
}

void CcdShard::Close(std::span<const float> w, std::span<const float> h, ThreadPool& pool) {
  Settle(pool);
  std::swap(closed_w_.before, open_w_);
  std::swap(closed_h_.before, open_h_);
  Assign(w, closed_w_.after);
  Assign(h, closed_h_.after);
  by_user_.behind = by_item_.behind = true;
}

double CcdShard::Loss(ThreadPool& pool) {
  Settle(pool);
  const ResidualRows& rows = by_user_.rows;
  std::vector<double> losses(Index(users()));
  pool.ParallelFor(kChunks, [&](int64_t begin, int64_t end) {
    for (int64_t r = by_user_.chunks[Index(begin)]; r < by_user_.chunks[Index(end)]; ++r) {
      double sum = 0;
      for (size_t j = Index(rows.begins[Index(r)]); j < Index(rows.begins[Index(r) + 1]); ++j) {
        const double e = rows.residual[j];
        if (rows.weight.empty()) {
          sum += e * e;
        } else if (rows.index[j] < rows.others) {
          sum += (1 + static_cast<double>(rows.weight[j])) * e * e - (1 - e) * (1 - e);
        }
      }
      losses[Index(r)] = sum;
    }
  });
  double loss = 0;
  for (const double own : losses) loss += own;
  return loss;
}

}  // namespace strads::mf
