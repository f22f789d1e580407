#pragma once

#include <strads/message.h>

#include <algorithm>
#include <map>
#include <span>
#include <vector>

namespace strads {
namespace internal {

template <class T>
void AddTo(T& sum, const T& share) {
  if constexpr (codec::Number<T>) {
    sum += share;
  } else if constexpr (codec::NumericArray<T>) {
    using Size = decltype(sum.size());
    if (sum.size() < share.size()) {  // std::vector's resize gives zeros, Eigen's does not
      T wider = share;
      for (Size i = 0; i < sum.size(); ++i) wider[i] = sum[i] + share[i];
      sum = std::move(wider);
    } else {
      for (Size i = 0; i < share.size(); ++i) sum[i] += share[i];
    }
  } else if constexpr (codec::IsMap<T>::value) {
    for (const auto& [key, value] : share) AddTo(sum[key], value);
  } else {
    static_assert(codec::HasFields<T>, "only numbers, vectors and maps of numbers can be summed");
    [[maybe_unused]] auto sums = sum.Fields();
    [[maybe_unused]] const auto shares = share.Fields();
    [&]<size_t... I>(std::index_sequence<I...>) {
      (AddTo(std::get<I>(sums), std::get<I>(shares)), ...);
    }
    (std::make_index_sequence<kNumFields<T>>());
  }
}

}  // namespace internal

// The sum of the workers' partials, field by field, in rank order, so that it is the same each
// time: numbers are added, vectors entry by entry, maps key by key. A vector that is shorter than
// another, as of a shard without the last columns, counts as filled up with zeros. Throws Error
// (kProtocol) if there is none. O(size of all).
template <class M>
M Sum(std::span<const M> partials) {
  if (partials.empty()) throw ProtocolError("there are no partials to sum");
  M sum = partials.front();
  if constexpr (Message<M>) {
    for (const M& partial : partials.subspan(1)) internal::AddTo(sum, partial);
  } else {
    static_assert(codec::CheckFields<M>());
  }
  return sum;
}

}  // namespace strads
