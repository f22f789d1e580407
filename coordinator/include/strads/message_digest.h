#pragma once

#include <strads/field_types.h>
#include <strads/fields.h>
#include <strads/sparse_vector.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <typeindex>
#include <utility>
#include <vector>

namespace strads::codec {

// A number that tells messages from others: FNV-1a, 64 bits, over the names and types of their
// fields and of what these are made of, in order. Processes of one run compare it, as a field that
// one does not send is another's default.
class MessageDigest {
 public:
  template <HasFields M>
  void Add() {
    Add("{");
    // Of one that holds others of its kind once is enough.
    const std::type_index type = typeid(M);
    if (std::ranges::find(seen_, type) == seen_.end()) {
      seen_.push_back(type);
      for (const std::string_view name : FieldNames<M>()) Add(name);
      AddTypes(static_cast<decltype(std::declval<M&>().Fields())*>(nullptr));
    }
    Add("}");
  }
  uint64_t value() const { return value_; }

 private:
  void Add(std::string_view text) {
    for (const char c : text) Mix(static_cast<unsigned char>(c));
    Mix(0);
  }
  void Mix(unsigned char byte) { value_ = (value_ ^ byte) * 0x100000001b3; }

  template <class... F>
  void AddTypes(std::tuple<F&...>*) {
    (AddType<std::remove_const_t<F>>(), ...);
  }
  template <class T>
  void AddType() {
    if constexpr (std::is_same_v<T, bool>) {
      Add("bool");
    } else if constexpr (std::is_arithmetic_v<T>) {
      Add((std::is_floating_point_v<T> ? "float"
           : std::is_unsigned_v<T>     ? "uint"
                                       : "int") +
          std::to_string(8 * sizeof(T)));
    } else if constexpr (std::is_same_v<T, std::string>) {
      Add("string");
    } else if constexpr (std::is_same_v<T, SparseVector>) {
      Add("sparse");
    } else if constexpr (NumericArray<T>) {
      using Element = std::remove_cvref_t<decltype(std::declval<T&>()[0])>;
      Add("array" + std::to_string(sizeof(Element)));
      AddType<typename NumberOf<Element>::Type>();
    } else if constexpr (IsVector<T>::value) {
      Add("vector");
      AddType<typename T::value_type>();
    } else if constexpr (IsMap<T>::value) {
      Add("map");
      AddType<typename T::key_type>();
      AddType<typename T::mapped_type>();
    } else {
      Add<T>();
    }
  }

  uint64_t value_ = 0xcbf29ce484222325;
  std::vector<std::type_index> seen_;
};

// Of several, in order.
template <HasFields... M>
uint64_t DigestOf() {
  MessageDigest digest;
  (digest.Add<M>(), ...);
  return digest.value();
}

}  // namespace strads::codec
