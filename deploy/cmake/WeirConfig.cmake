# find_package(Weir): the library Weir::weir and weir_add_job(). Relocatable; needs
# nothing of its surroundings but the compiler.
get_filename_component(weir_prefix "${CMAKE_CURRENT_LIST_DIR}/../../.." ABSOLUTE)

if(NOT TARGET Weir::weir)
  add_library(Weir::weir SHARED IMPORTED)
  set_target_properties(Weir::weir PROPERTIES
    IMPORTED_LOCATION "${weir_prefix}/lib/libweir.so"
    INTERFACE_INCLUDE_DIRECTORIES "${weir_prefix}/include"
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
