#pragma once

#include <type_traits>

// Concepts of classes that have a member of this name, whatever it is: private, overloaded, or of
// other arguments than are expected. One of a second base makes the name ambiguous then.
#define STRADS_NAMES_MEMBER(name)                                         \
  struct Has##name {                                                      \
    int name;                                                             \
  };                                                                      \
  template <class T>                                                      \
  struct With##name : T, Has##name {};                                    \
  template <class T>                                                      \
  concept Names##name = (std::is_final_v<T> && requires { &T::name; }) || \
                        (!std::is_final_v<T> && !requires { &With##name<T>::name; });

// The optional members of apps: one that is not what would be called would be skipped silently.
namespace strads::internal {

STRADS_NAMES_MEMBER(Answer)
STRADS_NAMES_MEMBER(EndSoon)
STRADS_NAMES_MEMBER(Extend)
STRADS_NAMES_MEMBER(Finish)
STRADS_NAMES_MEMBER(IsEmpty)
STRADS_NAMES_MEMBER(Measured)
STRADS_NAMES_MEMBER(Measures)
STRADS_NAMES_MEMBER(TakeFiles)

}  // namespace strads::internal

#undef STRADS_NAMES_MEMBER
