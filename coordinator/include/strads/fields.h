#pragma once

#include <array>
#include <cstddef>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

// Declares, once, the members of a struct that are its content: they travel in messages, are read
// from flags and config files, and are saved in models, under their own names.
//
//   struct Plan { std::vector<int> columns; STRADS_FIELDS(columns) };
//
// A message that says nothing has STRADS_FIELDS().
#define STRADS_FIELDS(...)                                                       \
  [[maybe_unused]] static constexpr std::string_view kFieldNames = #__VA_ARGS__; \
  auto Fields() { return std::tie(__VA_ARGS__); }                                \
  auto Fields() const { return std::tie(__VA_ARGS__); }

// The same for a struct that is derived from another with fields: those come first.
//
//   struct PathOptions : Options { int folds = 10; STRADS_MORE_FIELDS(Options, folds) };
#define STRADS_MORE_FIELDS(Base, ...)                                             \
  using FieldsBase = Base;                                                        \
  [[maybe_unused]] static constexpr std::string_view kFieldNames = #__VA_ARGS__;  \
  auto Fields() { return std::tuple_cat(Base::Fields(), std::tie(__VA_ARGS__)); } \
  auto Fields() const { return std::tuple_cat(Base::Fields(), std::tie(__VA_ARGS__)); }

// Says, for --help, what the fields of an Options struct mean: "name: text" for each, checked
// against STRADS_FIELDS when the app is compiled. A field without one is listed without a text. A
// string whose text has "file" in it names a file: no output may be it, several workers do not read
// it from a pipe, and it has to be the same on all machines.
#define STRADS_HELP(...) static constexpr std::string_view kHelp[] = {__VA_ARGS__};

namespace strads {

template <class T>
inline constexpr size_t kNumFields = std::tuple_size_v<decltype(std::declval<T&>().Fields())>;

namespace fields_internal {

struct Anything {
  template <class T>
  constexpr operator T() const;  // NOLINT(google-explicit-constructor): it stands for any member
};

template <class T, size_t... I>
concept HasMembers = requires {
  T{(static_cast<void>(I), Anything{})...};
};

// How many members an aggregate can be initialised from; a base is one.
template <class T, size_t... I>
consteval size_t CountMembers(std::index_sequence<I...>) {
  if constexpr (HasMembers<T, I..., sizeof...(I)>)
    return CountMembers<T>(std::make_index_sequence<sizeof...(I) + 1>());
  else
    return sizeof...(I);
}

}  // namespace fields_internal

// Whether STRADS_FIELDS lists all members. Known of aggregates alone: of other classes, those with
// constructors or private members, it is taken on trust.
template <class T>
consteval bool ListsEveryMember() {
  if constexpr (!std::is_aggregate_v<T>) {
    return true;
  } else {
    size_t listed = kNumFields<T>;
    if constexpr (requires { typename T::FieldsBase; })
      listed = listed - kNumFields<typename T::FieldsBase> + 1;
    return fields_internal::CountMembers<T>(std::index_sequence<>()) == listed;
  }
}

namespace fields_internal {

template <class T>
consteval auto ReadNames() {
  std::array<std::string_view, kNumFields<T>> names{};
  size_t first = 0;
  if constexpr (requires { typename T::FieldsBase; }) {
    for (const std::string_view name : ReadNames<typename T::FieldsBase>()) names[first++] = name;
  }
  std::string_view rest = T::kFieldNames;
  for (size_t i = first; i < names.size(); ++i) {
    std::string_view& name = names[i];
    const size_t begin = rest.find_first_not_of(" \t\n\\");
    rest.remove_prefix(begin);
    const size_t comma = rest.find(',');
    name = rest.substr(0, comma);
    const size_t last = name.find_last_not_of(" \t\n\\");
    name = name.substr(0, last + (name[last] == '_' ? 0 : 1));
    rest.remove_prefix(comma == std::string_view::npos ? rest.size() : comma + 1);
  }
  return names;
}

}  // namespace fields_internal

// Whether no two fields have one name.
template <class T>
consteval bool NamesFieldsOnce() {
  const auto names = fields_internal::ReadNames<T>();
  for (size_t i = 0; i < names.size(); ++i) {
    for (size_t j = 0; j < i; ++j) {
      if (names[i] == names[j]) return false;
    }
  }
  return true;
}

// The names of T's fields in the order of STRADS_FIELDS, less the `_` that ends the name of a
// private member.
template <class T>
consteval auto FieldNames() {
  static_assert(NamesFieldsOnce<T>(), "a name is given twice in STRADS_FIELDS");
  static_assert(ListsEveryMember<T>(),
                "a member is not listed in STRADS_FIELDS: it would not travel and not be saved");
  return fields_internal::ReadNames<T>();
}

// Calls visit(name, field) for every field of `message`, in order.
template <class T, class Visit>
constexpr void ForEachField(T& message, Visit&& visit) {
  constexpr auto kNames = FieldNames<std::remove_const_t<T>>();
  [&]<size_t... I>(std::index_sequence<I...>, [[maybe_unused]] auto fields) {
    (visit(kNames[I], std::get<I>(fields)), ...);
  }
  (std::make_index_sequence<kNames.size()>(), message.Fields());
}

// The text of STRADS_HELP for field `name`, or an empty one.
template <class T>
constexpr std::string_view FieldHelp(std::string_view name) {
  if constexpr (requires { T::kHelp; }) {
    for (std::string_view entry : T::kHelp) {
      if (entry.starts_with(name) && entry.substr(name.size()).starts_with(": ")) {
        return entry.substr(name.size() + 2);
      }
    }
  }
  if constexpr (requires { typename T::FieldsBase; }) {
    return FieldHelp<typename T::FieldsBase>(name);
  }
  return {};
}

// Whether every entry of STRADS_HELP begins with the name of a field.
template <class T>
consteval bool HelpNamesFields() {
  if constexpr (requires { T::kHelp; }) {
    for (std::string_view entry : T::kHelp) {
      bool known = false;
      for (std::string_view name : FieldNames<T>()) {
        known = known || (entry.starts_with(name) && entry.substr(name.size()).starts_with(": "));
      }
      if (!known) return false;
    }
  }
  return true;
}

}  // namespace strads
