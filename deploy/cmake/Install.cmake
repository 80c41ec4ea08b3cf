# `cmake --install build --prefix DIR`: DIR/{bin,conf,examples,include,lib,libexec,log,share}, which
# runs from wherever it is moved to.
include(CMakePackageConfigHelpers)

foreach(program weir_cli weir-jobmanager weir-taskmanager)
  if(TARGET ${program})
    set_target_properties(${program} PROPERTIES INSTALL_RPATH "$ORIGIN/../lib")
    install(TARGETS ${program} RUNTIME DESTINATION bin)
  endif()
endforeach()
if(TARGET weir-launcher)
  install(TARGETS weir-launcher RUNTIME DESTINATION libexec)
endif()
file(GLOB scripts CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/bin/*.sh)
install(PROGRAMS ${scripts} DESTINATION bin)
if(EXISTS ${CMAKE_CURRENT_SOURCE_DIR}/completion/weir.bash)
  install(FILES completion/weir.bash DESTINATION share/bash-completion/completions RENAME weir)
endif()
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE ${PROJECT_SOURCE_DIR}/common/offline/json_mapping.md
        ${PROJECT_SOURCE_DIR}/common/offline/fsck.md ${PROJECT_SOURCE_DIR}/common/testing/testing.md DESTINATION share/doc/weir)
install(DIRECTORY docs/ DESTINATION share/doc/weir)
install(DIRECTORY DESTINATION log)

# A configuration that is there already belongs to whoever edited it.
file(GLOB configuration CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/conf/*)
install(CODE "
  foreach(file IN ITEMS ${configuration})
    cmake_path(GET file FILENAME name)
    if(NOT EXISTS \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/conf/\${name}\")
      file(INSTALL \"\${file}\" DESTINATION \"\${CMAKE_INSTALL_PREFIX}/conf\")
    endif()
  endforeach()")

if(TARGET weir)
  install(TARGETS weir LIBRARY DESTINATION lib)
  write_basic_package_version_file(
    ${CMAKE_CURRENT_BINARY_DIR}/WeirConfigVersion.cmake COMPATIBILITY SameMinorVersion)
  install(FILES cmake/WeirConfig.cmake ${CMAKE_CURRENT_BINARY_DIR}/WeirConfigVersion.cmake
          DESTINATION lib/cmake/Weir)
  install(CODE "set(WEIR_SOURCE_DIR \"${PROJECT_SOURCE_DIR}\")")
  install(SCRIPT cmake/InstallHeaders.cmake)

  file(GLOB examples CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/examples/*.cc)
  foreach(example IN LISTS examples)
    cmake_path(GET example STEM name)
    add_executable(${name} ${example})
    if(name MATCHES "_test$")
      target_link_libraries(${name} PRIVATE weir_testing)
    else()
      target_link_libraries(${name} PRIVATE weir)
    endif()
    set_target_properties(${name} PROPERTIES
      RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/examples
      INSTALL_RPATH "$ORIGIN/../lib")
    install(TARGETS ${name} RUNTIME DESTINATION examples)
  endforeach()
  file(GLOB headers CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/examples/*.h)
  install(FILES ${examples} ${headers} examples/CMakeLists.txt DESTINATION examples)
endif()
foreach(library weir_local weir_testing)
  if(TARGET ${library})
    install(TARGETS ${library} LIBRARY DESTINATION lib)
    add_dependencies(${library} weir)
  endif()
endforeach()

add_custom_target(uninstall
  COMMAND ${CMAKE_COMMAND} -D MANIFEST=${PROJECT_BINARY_DIR}/install_manifest.txt
          -P ${CMAKE_CURRENT_SOURCE_DIR}/cmake/Uninstall.cmake
  COMMENT "Removing what was installed last" VERBATIM)
