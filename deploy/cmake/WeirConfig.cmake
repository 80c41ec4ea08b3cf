# find_package(Weir): the library Weir::weir, the test kit Weir::testing, and weir_add_job(). Relocatable; needs
# nothing of its surroundings but the compiler.
get_filename_component(weir_prefix "${CMAKE_CURRENT_LIST_DIR}/../../.." ABSOLUTE)

if(NOT TARGET Weir::weir)
  add_library(Weir::weir SHARED IMPORTED)
  set_target_properties(Weir::weir PROPERTIES
    IMPORTED_LOCATION "${weir_prefix}/lib/libweir.so"
    INTERFACE_INCLUDE_DIRECTORIES "${weir_prefix}/include"
    INTERFACE_COMPILE_FEATURES cxx_std_20)
endif()
if(NOT TARGET Weir::testing)
  add_library(Weir::testing SHARED IMPORTED)
  set_target_properties(Weir::testing PROPERTIES
    IMPORTED_LOCATION "${weir_prefix}/lib/libweir-testing.so"
    INTERFACE_LINK_LIBRARIES Weir::weir)
endif()
set(WEIR_LIBRARY_DIR "${weir_prefix}/lib")

# Optimizes `name` as Release does where nobody has said how to build: a single-configuration
# generator without a build type would compile without optimization, and a job runs many times slower.
function(weir_optimize_by_default name)
  get_property(multi_config GLOBAL PROPERTY GENERATOR_IS_MULTI_CONFIG)
  get_property(options TARGET ${name} PROPERTY COMPILE_OPTIONS)
  # An -O of the project's own, in CXXFLAGS or add_compile_options(), is a choice too.
  if(multi_config OR CMAKE_BUILD_TYPE OR " ${CMAKE_CXX_FLAGS} ${options}" MATCHES "[ ;]-O")
    return()
  endif()
  separate_arguments(flags UNIX_COMMAND "${CMAKE_CXX_FLAGS_RELEASE}")
  # Asked at generation, as CMAKE_BUILD_TYPE may be set below.
  target_compile_options(${name} PRIVATE "$<$<STREQUAL:$<CONFIG>,>:${flags}>")
  get_property(said GLOBAL PROPERTY WEIR_SAID_RELEASE)
  if(NOT said)
    set_property(GLOBAL PROPERTY WEIR_SAID_RELEASE ON)
    message(STATUS "Weir: no build type is set, so jobs are built as Release (${CMAKE_CXX_FLAGS_RELEASE}); "
                   "-DCMAKE_BUILD_TYPE=... builds them otherwise")
  endif()
endfunction()

# weir_add_job(name file...): one executable `name`, ready for `weir run` and to be started by hand.
function(weir_add_job name)
  add_executable(${name} ${ARGN})
  weir_optimize_by_default(${name})
  target_link_libraries(${name} PRIVATE Weir::weir)
  set_target_properties(${name} PROPERTIES
    CXX_EXTENSIONS OFF
    BUILD_RPATH "${WEIR_LIBRARY_DIR}"
    INSTALL_RPATH "${WEIR_LIBRARY_DIR}")
endfunction()
unset(weir_prefix)
