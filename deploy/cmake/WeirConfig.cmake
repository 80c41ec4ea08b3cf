# find_package(Weir): the library Weir::weir and weir_add_job(). Relocatable; needs of its
# surroundings only the headers of Boost (PFR).
get_filename_component(weir_prefix "${CMAKE_CURRENT_LIST_DIR}/../../.." ABSOLUTE)

find_path(WEIR_BOOST_INCLUDE_DIR boost/pfr/tuple_size.hpp HINTS ${Boost_INCLUDE_DIR} ${BOOST_ROOT}/include)
mark_as_advanced(WEIR_BOOST_INCLUDE_DIR)
if(NOT WEIR_BOOST_INCLUDE_DIR)
  set(Weir_FOUND FALSE)
  set(Weir_NOT_FOUND_MESSAGE
      "the headers of Boost.PFR (Boost 1.75 or newer, Weir uses 1.81) are not there: install libboost1.81-dev, or set BOOST_ROOT")
  return()
endif()

if(NOT TARGET Weir::weir)
  add_library(Weir::weir SHARED IMPORTED)
  set_target_properties(Weir::weir PROPERTIES
    IMPORTED_LOCATION "${weir_prefix}/lib/libweir.so"
    INTERFACE_INCLUDE_DIRECTORIES "${weir_prefix}/include;${WEIR_BOOST_INCLUDE_DIR}"
    INTERFACE_COMPILE_FEATURES cxx_std_20)
endif()
set(WEIR_LIBRARY_DIR "${weir_prefix}/lib")

# weir_add_job(name file...): one executable `name`, ready for `weir run` and to be started by hand.
function(weir_add_job name)
  add_executable(${name} ${ARGN})
  target_link_libraries(${name} PRIVATE Weir::weir)
  set_target_properties(${name} PROPERTIES
    CXX_EXTENSIONS OFF
    BUILD_RPATH "${WEIR_LIBRARY_DIR}"
    INSTALL_RPATH "${WEIR_LIBRARY_DIR}")
endfunction()
unset(weir_prefix)
