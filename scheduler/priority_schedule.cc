#include "strads/schedule/priority_schedule.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <stdexcept>
#include <string>

#include "scheduler/draw_arguments.h"
#include "scheduler/sum_tree.h"
#include "strads/error.h"

namespace strads {
namespace {

void CheckSetting(const char* name, double value) {
  if (std::isfinite(value) && value >= 0) return;
  throw UsageError(std::string("the ") + name + " of the priority schedule is " +
                   std::to_string(value) + ", expected a finite number of at least 0");
}

double Square(double change) {
  const double square = change * change;
  return square <= PrioritySchedule::kMaxPriority ? square : PrioritySchedule::kMaxPriority;
}

}  // namespace

PrioritySchedule::PrioritySchedule(int32_t first, int32_t last, uint64_t seed, uint64_t stream)
    : first_(first),
      changes_(std::make_unique<SumTree>(RangeSize(first, last))),
      is_drawn_(static_cast<size_t>(last - first)),
      random_(seed, stream) {}

PrioritySchedule::~PrioritySchedule() = default;

// Drawing with replacement and dropping what was drawn before is successive sampling too, and needs
// no work on the tree. Only when a quarter of a batch is dropped do those drawn weigh so much that
// taking them out of the tree pays. A batch is at most twice what the one before brought, so that
// searches in vain never outweigh the others, however skewed the priorities are.
std::vector<int32_t> PrioritySchedule::Draw(int count) {
  const size_t size = DrawSize(count, static_cast<size_t>(changes_->size()) - held_.size());
  const double floor = Floor();
  std::vector<int32_t> drawn;
  drawn.reserve(size);
  std::array<double, 64> u;
  std::array<int32_t, 64> found;
  size_t num_removed = 0;
  size_t batch_size = u.size();
  while (drawn.size() < size) {
    const size_t before = drawn.size();
    batch_size = std::min({batch_size, size - before, u.size()});
    for (size_t i = 0; i < batch_size; ++i) u[i] = random_.Uniform();
    // With every priority 0, any other floor makes all that is left equally likely.
    const bool is_flat = changes_->Sum() == 0 && floor == 0;
    const std::span batch = std::span(found).first(batch_size);
    changes_->Find(std::span(u).first(batch_size), is_flat ? 1.0 : floor, batch);
    for (const int32_t leaf : batch) {
      if (is_drawn_[static_cast<size_t>(leaf)]) continue;
      is_drawn_[static_cast<size_t>(leaf)] = true;
      drawn.push_back(leaf);
    }

    const size_t num_new = drawn.size() - before;
    if (num_new < batch_size - batch_size / 4) {
      changes_->Remove(std::span(drawn).subspan(num_removed));
      num_removed = drawn.size();
    }
    batch_size = std::max<size_t>(1, 2 * num_new);
  }

  changes_->Restore(std::span(drawn).first(num_removed));
  for (int32_t& variable : drawn) {
    is_drawn_[static_cast<size_t>(variable)] = false;
    variable += first_;
  }
  return drawn;
}

std::vector<int32_t> PrioritySchedule::Leaves(std::span<const int32_t> variables) const {
  std::vector<int32_t> leaves(variables.begin(), variables.end());
  for (int32_t& leaf : leaves) {
    if (leaf < first_ || leaf - first_ >= changes_->size()) {
      throw std::logic_error("variable " + std::to_string(leaf) +
                             ": expected one that the schedule owns");
    }
    leaf -= first_;
  }
  return leaves;
}

void PrioritySchedule::Hold(std::span<const int32_t> variables) {
  held_change_.reset();
  for (const int32_t leaf : Leaves(variables)) {
    if (changes_->IsRemoved(leaf)) continue;
    changes_->Remove({&leaf, 1});
    held_.push_back(leaf);
  }
}

void PrioritySchedule::Release(std::span<const int32_t> variables) {
  changes_->Restore(Leaves(variables));
  held_change_.reset();
  std::erase_if(held_, [&](int32_t leaf) { return !changes_->IsRemoved(leaf); });
}

void PrioritySchedule::Changed(std::span<const int32_t> variables,
                               std::span<const double> changes) {
  if (variables.size() != changes.size()) {
    throw std::logic_error(std::to_string(variables.size()) + " variables with " +
                           std::to_string(changes.size()) + " changes, expected one for each");
  }
  const std::vector<int32_t> leaves = Leaves(variables);
  std::vector<double> squares(changes.size());
  std::ranges::transform(changes, squares.begin(), Square);
  changes_->Set(leaves, squares);
  held_change_.reset();
}

void PrioritySchedule::SetFloor(double floor) {
  CheckSetting("floor", floor);
  floor_ = std::min(floor, kMaxPriority);
  floor_ratio_ = 0;
}

void PrioritySchedule::SetFloorRatio(double ratio) {
  CheckSetting("floor ratio", ratio);
  floor_ = 0;
  floor_ratio_ = ratio;
}

double PrioritySchedule::Floor() const {
  if (floor_ratio_ == 0 || changes_->size() == 0) return floor_;
  return std::min(floor_ratio_ * (TotalChange() / changes_->size()), kMaxPriority);
}

double PrioritySchedule::TotalChange() const {
  if (!held_change_) {
    held_change_ = 0;
    for (const int32_t leaf : held_) *held_change_ += changes_->Weight(leaf);
  }
  return changes_->Sum() + *held_change_;
}

}  // namespace strads
