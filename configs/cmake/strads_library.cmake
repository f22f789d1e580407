# Compiler settings shared by every target of the project.
add_library(strads_settings INTERFACE)
target_compile_options(strads_settings INTERFACE
  -Wall -Wextra -Wconversion
  # a*b+c must round the same way on every machine: the same seed gives the same bytes.
  -ffp-contract=off
  $<$<BOOL:${STRADS_WERROR}>:-Werror>)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  # It takes every "text" + std::string for an overlap: gcc bug 105651.
  target_compile_options(strads_settings INTERFACE -Wno-restrict)
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  target_compile_options(strads_settings INTERFACE -Wno-sign-conversion)  # no part of it to g++
else()
  target_compile_options(strads_settings INTERFACE -Wshadow=local)
endif()
if(STRADS_SANITIZE)
  target_compile_options(strads_settings INTERFACE -fsanitize=${STRADS_SANITIZE} -fno-omit-frame-pointer
    -fno-sanitize-recover=all)
  target_link_options(strads_settings INTERFACE -fsanitize=${STRADS_SANITIZE})
endif()

# strads_library(NAME SOURCES ... HEADERS ... PUBLIC ... PRIVATE ...): a static library of the project.
# HEADERS are public: installed, and found below BASE (include/ unless given).
function(strads_library name)
  cmake_parse_arguments(arg "" "BASE" "SOURCES;HEADERS;PUBLIC;PRIVATE" ${ARGN})
  if(NOT arg_BASE)
    set(arg_BASE include)
  endif()
  add_library(${name} STATIC ${arg_SOURCES})
  add_library(Strads::${name} ALIAS ${name})
  target_sources(${name} PUBLIC FILE_SET HEADERS BASE_DIRS ${arg_BASE} FILES ${arg_HEADERS})
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR})
  target_compile_features(${name} PUBLIC cxx_std_20)
  target_link_libraries(${name} PUBLIC ${arg_PUBLIC} PRIVATE ${arg_PRIVATE} $<BUILD_INTERFACE:strads_settings>)
  set_target_properties(${name} PROPERTIES VERIFY_INTERFACE_HEADER_SETS ON)
  set_property(GLOBAL APPEND PROPERTY STRADS_LIBRARIES ${name})
endfunction()
