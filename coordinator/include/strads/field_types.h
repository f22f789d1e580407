#pragma once

#include <strads/fields.h>
#include <strads/sparse_vector.h>

#include <Eigen/Core>
#include <concepts>
#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

// Which types the fields of messages may have.
namespace strads::codec {

template <class T>
concept HasFields = requires(T& t) {
  T::kFieldNames;
  t.Fields();
};

template <class T>
concept Scalar = std::is_arithmetic_v<T> && !std::is_same_v<T, long double>;

template <class T>
concept Number = Scalar<T> && !std::is_same_v<T, bool>;

// Several numbers of one type, which it names: struct Point { using Number = float; float x, y; };
template <class T>
concept NumberGroup = Number<typename T::Number> && std::is_trivially_copyable_v<T> && sizeof(T) %
                          sizeof(typename T::Number) ==
                      0;

template <class T>
struct IsVectorOfNumbers : std::false_type {};
template <Number T, class Allocator>
struct IsVectorOfNumbers<std::vector<T, Allocator>> : std::true_type {};
template <NumberGroup T, class Allocator>
struct IsVectorOfNumbers<std::vector<T, Allocator>> : std::true_type {};

// What an array's elements are made of.
template <class T>
struct NumberOf {
  using Type = T;
};
template <NumberGroup T>
struct NumberOf<T> {
  using Type = typename T::Number;
};

template <class T>
struct IsEigenVector : std::false_type {};
template <Number T>
struct IsEigenVector<Eigen::Matrix<T, Eigen::Dynamic, 1>> : std::true_type {};

template <class T>
concept NumericArray = IsVectorOfNumbers<T>::value || IsEigenVector<T>::value;

template <class T>
struct IsVector : std::false_type {};
template <class T>
struct IsVector<std::vector<T>> : std::true_type {};
template <class T>
struct IsMap : std::false_type {};
template <class K, class V>
struct IsMap<std::map<K, V>> : std::true_type {};

template <class T>
constexpr bool FieldTravels();

template <class Tuple>
struct EachTravels;
template <class... F>
struct EachTravels<std::tuple<F&...>> {
  static constexpr bool value = (FieldTravels<std::remove_const_t<F>>() && ...);
};
template <class T>
concept AllFieldsTravel = EachTravels<decltype(std::declval<T&>().Fields())>::value;

template <class T>
constexpr bool FieldTravels() {
  if constexpr (Scalar<T> || std::is_same_v<T, std::string> || NumericArray<T> ||
                std::is_same_v<T, SparseVector>) {
    return true;
  } else if constexpr (IsVector<T>::value) {
    return FieldTravels<typename T::value_type>();
  } else if constexpr (IsMap<T>::value) {
    using Key = typename T::key_type;
    constexpr bool kKeyTravels =
        (std::integral<Key> && !std::same_as<Key, bool>) || std::same_as<Key, std::string>;
    return kKeyTravels && FieldTravels<typename T::mapped_type>();
  } else if constexpr (HasFields<T>) {
    return AllFieldsTravel<T>;
  } else {
    return false;
  }
}

// The name of a field, for what the compiler prints.
template <size_t Size>
struct NameText {
  consteval explicit NameText(std::string_view name) { name.copy(text, Size); }
  char text[Size + 1] = {};
};

template <class T>
consteval bool CheckFields();

// Of what a field is made of.
template <class Message, NameText Field, class T>
consteval bool CheckField() {
  if constexpr (HasFields<T>) {
    return CheckFields<T>();
  } else if constexpr (IsVector<T>::value && !NumericArray<T>) {
    return CheckField<Message, Field, typename T::value_type>();
  } else {
    static_assert(FieldTravels<T>(),
                  "a field is a bool, integer, float, double, std::string, a vector of fields, an "
                  "Eigen column vector, strads::SparseVector, a std::map with integer or string "
                  "keys, or a struct with STRADS_FIELDS");
    return true;
  }
}

// Whether T is a message; the compiler stops at the field that keeps it from that, and tells its
// name and type.
template <class T>
consteval bool CheckFields() {
  static_assert(HasFields<T>, "a message is a struct with STRADS_FIELDS");
  if constexpr (HasFields<T>) {
    constexpr auto kNames = fields_internal::ReadNames<T>();
    return [&]<size_t... I>(std::index_sequence<I...>) {
      using Fields = decltype(std::declval<T&>().Fields());
      return (CheckField<T, NameText<kNames[I].size()>(kNames[I]),
                         std::remove_cvref_t<std::tuple_element_t<I, Fields>>>() &&
              ...);
    }
    (std::make_index_sequence<kNames.size()>());
  }
  return false;
}

}  // namespace strads::codec
