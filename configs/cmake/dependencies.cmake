# The libraries that strads stands on, all of them Debian packages. An installed Strads finds those
# that it is linked with again through this same file.
find_package(Threads REQUIRED)
find_package(Eigen3 3.4 REQUIRED NO_MODULE)
find_package(PkgConfig REQUIRED)
pkg_check_modules(libzmq REQUIRED IMPORTED_TARGET libzmq)
# Debian's libzmq.pc lists flags of libraries below it, in an order that is another one the second
# time cmake is run: everything would be compiled twice.
set_target_properties(PkgConfig::libzmq PROPERTIES
  INTERFACE_INCLUDE_DIRECTORIES "${libzmq_INCLUDEDIR}" INTERFACE_COMPILE_OPTIONS "")
pkg_check_modules(glog REQUIRED IMPORTED_TARGET libglog)
pkg_check_modules(gflags REQUIRED IMPORTED_TARGET gflags)
pkg_check_modules(lzma REQUIRED IMPORTED_TARGET liblzma)
pkg_check_modules(zstd REQUIRED IMPORTED_TARGET libzstd)
find_package(ZLIB REQUIRED)
find_package(nlohmann_json 3.11 REQUIRED)

if(CMAKE_FIND_PACKAGE_NAME STREQUAL "Strads")
  return()
endif()

# Header-only, and in no header of strads: needed to build it, not to use it. Their Debian packages
# have no CMake config that works: look for the header.
find_path(MSGPACK_INCLUDE_DIR msgpack.hpp REQUIRED)
find_path(CPPZMQ_INCLUDE_DIR zmq.hpp REQUIRED)
find_path(FAST_FLOAT_INCLUDE_DIR fast_float/fast_float.h REQUIRED)
