#include "strads/rotation_schedule.h"

#include <algorithm>
#include <functional>
#include <numeric>
#include <queue>
#include <stdexcept>
#include <utility>

#include "strads/index.h"
#include "strads/random.h"

namespace strads {
namespace {

constexpr uint64_t kOrderStream = 0x726f74;

int64_t Modulo(int64_t a, int64_t n) { return (a % n + n) % n; }
}  // namespace

RotationSchedule::RotationSchedule(int num_workers, int num_blocks, uint64_t seed, bool shuffle)
    : num_workers_(num_workers), num_blocks_(num_blocks), seed_(seed), shuffle_(shuffle) {
  if (num_workers < 1 || num_blocks < num_workers)
    throw std::logic_error("a rotation needs a block for each worker");
}

std::vector<int32_t> RotationSchedule::OrderOf(int64_t epoch) const {
  std::vector<int32_t> order(Index(num_blocks_));
  std::iota(order.begin(), order.end(), 0);
  if (!shuffle_) return order;
  Random random(seed_, kOrderStream + static_cast<uint64_t>(epoch));
  random.Shuffle(order);
  return order;
}

Rotation RotationSchedule::At(int64_t round) const {
  const int64_t epoch = round / num_blocks_, step = round % num_blocks_;
  const std::vector<int32_t> order = OrderOf(epoch), next_order = OrderOf(epoch + 1);
  std::vector<int64_t> next_place(Index(num_blocks_));
  for (int64_t i = 0; i < num_blocks_; ++i) next_place[Index(next_order[Index(i)])] = i;
  Rotation rotation;
  for (int64_t p = 0; p < num_workers_; ++p) {
    const int64_t place = (OffsetOf(p) + step) % num_blocks_;
    const int32_t block = order[Index(place)];
    bool first = epoch == 0;
    int64_t next = 0, next_step = 2 * num_blocks_;
    for (int64_t q = 0; q < num_workers_; ++q) {
      const int64_t at = Modulo(place - OffsetOf(q), num_blocks_);  // in this epoch
      if (at < step) first = false;
      const int64_t then = Modulo(next_place[Index(block)] - OffsetOf(q), num_blocks_);
      const int64_t after = at > step ? at : num_blocks_ + then;
      if (after < next_step) {
        next_step = after;
        next = q;
      }
    }
    rotation.block.push_back(block);
    rotation.next.push_back(static_cast<int32_t>(next));
    rotation.first.push_back(first ? 1 : 0);
  }
  return rotation;
}

std::vector<int32_t> BalancedParts(std::span<const int64_t> weights, int parts) {
  if (parts < 1) throw std::logic_error("nothing can be divided into no parts");
  std::vector<int32_t> heaviest_first(weights.size());
  std::iota(heaviest_first.begin(), heaviest_first.end(), 0);
  std::ranges::stable_sort(heaviest_first, std::greater<>(),
                           [&](int32_t i) { return weights[Index(i)]; });
  using Load = std::pair<int64_t, int32_t>;  // and the part
  std::priority_queue<Load, std::vector<Load>, std::greater<>> loads;
  for (int32_t part = 0; part < parts; ++part) loads.emplace(0, part);
  std::vector<int32_t> part_of(weights.size());
  for (const int32_t i : heaviest_first) {
    const auto [load, part] = loads.top();
    loads.pop();
    part_of[Index(i)] = part;
    loads.emplace(load + weights[Index(i)], part);
  }
  return part_of;
}

std::vector<int64_t> BalancedRanges(std::span<const int64_t> counts, int64_t parts) {
  const int64_t total = std::accumulate(counts.begin(), counts.end(), int64_t{0});
  std::vector<int64_t> begins = {0};
  int64_t i = 0, sum = 0;
  for (int64_t part = 1; part < parts; ++part) {
    // The boundary whose sum is nearest to part / parts of the total.
    const double goal =
        static_cast<double>(total) * static_cast<double>(part) / static_cast<double>(parts);
    while (i < std::ssize(counts) &&
           static_cast<double>(sum) + static_cast<double>(counts[static_cast<size_t>(i)]) / 2 <
               goal)
      sum += counts[static_cast<size_t>(i++)];
    begins.push_back(i);
  }
  begins.push_back(std::ssize(counts));
  return begins;
}

std::vector<double> BalancedCuts(std::span<const int64_t> weights) {
  const auto total =
      static_cast<double>(std::accumulate(weights.begin(), weights.end(), int64_t{0}));
  if (!(total > 0) || std::ranges::any_of(weights, [](int64_t weight) { return weight < 0; }))
    throw std::logic_error("nothing has a weight to cut by");
  const auto parts = static_cast<double>(weights.size());
  std::vector<double> cuts = {0};
  size_t k = 0;
  double before = 0;  // the weight of what is left of k / parts
  for (size_t cut = 1; cut < weights.size(); ++cut) {
    const double goal = total * static_cast<double>(cut) / parts;
    while (before + static_cast<double>(weights[k]) < goal)
      before += static_cast<double>(weights[k++]);
    const double inside = (goal - before) / static_cast<double>(weights[k]);
    cuts.push_back((static_cast<double>(k) + inside) / parts);
  }
  cuts.push_back(1);
  return cuts;
}

}  // namespace strads
