# `cmake --install`: the strads binary, the libraries with their headers, and the CMake package, so
# that find_package(Strads) gives an app the target Strads::strads.
include(CMakePackageConfigHelpers)
set(strads_cmake_dir ${CMAKE_INSTALL_LIBDIR}/cmake/Strads)

get_property(strads_libraries GLOBAL PROPERTY STRADS_LIBRARIES)
install(TARGETS ${strads_libraries} EXPORT StradsTargets
  ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}
  FILE_SET HEADERS DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(EXPORT StradsTargets NAMESPACE Strads:: DESTINATION ${strads_cmake_dir})

configure_package_config_file(configs/cmake/StradsConfig.cmake.in StradsConfig.cmake
  INSTALL_DESTINATION ${strads_cmake_dir}
  NO_SET_AND_CHECK_MACRO)
write_basic_package_version_file(StradsConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES
  ${PROJECT_BINARY_DIR}/StradsConfig.cmake
  ${PROJECT_BINARY_DIR}/StradsConfigVersion.cmake
  configs/cmake/dependencies.cmake
  DESTINATION ${strads_cmake_dir})
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
