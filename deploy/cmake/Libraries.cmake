# libweir.so, which programs link, libweir-local.so, the local cluster that hand-started programs load,
# and libweir-testing.so, the test kit. They may link every folder; each folder's code is in one of them only.
set(sdk_folders
    common/base common/config common/concurrency common/fs common/schema
    common/accumulators common/graph common/runtime common/record common/state common/functions common/windows
    common/program common/connector proto common/wire common/snapshot common/api
    taskmanager/worker/memory taskmanager/worker/network taskmanager/worker/operators
    taskmanager/worker/checkpoint taskmanager/worker/task)

# Archives of `folders` that exist, for linking as a whole: nothing in them refers to what only
# programs call.
function(weir_archives result)
  set(archives)
  foreach(folder IN LISTS ARGN)
    string(REPLACE / _ target weir_${folder})
    if(TARGET ${target})
      get_target_property(type ${target} TYPE)
      if(type STREQUAL STATIC_LIBRARY)
        list(APPEND archives ${target})
      endif()
    endif()
  endforeach()
  set(${result} ${archives} PARENT_SCOPE)
endfunction()

# weir_assemble(target output-name USES libraries... ARCHIVES archives...)
function(weir_assemble target output)
  cmake_parse_arguments(PARSE_ARGV 2 ARG "" "" "USES;ARCHIVES")
  list(JOIN ARG_ARCHIVES "," joined)
  file(WRITE ${CMAKE_CURRENT_BINARY_DIR}/${target}.cc "")
  add_library(${target} SHARED ${CMAKE_CURRENT_BINARY_DIR}/${target}.cc)
  target_link_libraries(${target} PRIVATE ${ARG_USES} "$<LINK_LIBRARY:WHOLE_ARCHIVE,${joined}>")
  set_target_properties(${target} PROPERTIES
    OUTPUT_NAME ${output}
    LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/lib
    INSTALL_RPATH "$ORIGIN"
    LINK_LIBRARY_OVERRIDE "WHOLE_ARCHIVE,${joined}")
  target_link_options(${target} PRIVATE LINKER:--as-needed)
  if(NOT WEIR_SANITIZE)
    target_link_options(${target} PRIVATE LINKER:-z,defs)
  endif()
endfunction()

if(NOT TARGET weir_common_api OR NOT TARGET weir_taskmanager_worker_task)
  return()
endif()

weir_archives(sdk_archives ${sdk_folders})
# protobuf-lite stands before the full library that the archives name: messages are lite, so it is
# enough, and programs start without the other.
weir_assemble(weir weir USES protobuf::libprotobuf-lite ARCHIVES ${sdk_archives})
target_include_directories(weir INTERFACE ${PROJECT_SOURCE_DIR} ${PROJECT_BINARY_DIR}/include)
file(WRITE ${PROJECT_BINARY_DIR}/include/weir/weir.h
     "#pragma once\n\n#include \"common/api/weir.h\"\n")

if(TARGET weir_jobmanager_embedded)
  # libweir.so stands first, so that what it has is taken from there and exists once in a process.
  weir_assemble(weir_local weir-local USES weir ARCHIVES weir_jobmanager_embedded)
endif()

if(TARGET weir_common_testing)
  weir_assemble(weir_testing weir-testing USES weir ARCHIVES weir_common_testing)
  target_include_directories(weir_testing INTERFACE ${PROJECT_BINARY_DIR}/include)
  target_link_libraries(weir_testing INTERFACE weir)
  file(WRITE ${PROJECT_BINARY_DIR}/include/weir/testing.h
       "#pragma once\n\n#include \"common/testing/testing.h\"\n")
endif()
