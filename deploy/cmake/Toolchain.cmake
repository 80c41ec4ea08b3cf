# Compiler flags, sanitizers, linker and compiler cache.
add_compile_options(-Wall -Wextra -Werror -fno-omit-frame-pointer)
if(WEIR_UNITY)
  # A type that only its own .cc knows may have members of others; the warning is for headers.
  add_compile_options(-Wno-subobject-linkage)
endif()
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -DNDEBUG")  # Programs ship libweir.so: without debug data it is a tenth the size.
set(CMAKE_CXX_FLAGS_DEBUG "-O0 -g1")
set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O1 -g1")

if(WEIR_SANITIZE)
  add_compile_options(-fsanitize=${WEIR_SANITIZE} -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${WEIR_SANITIZE})
  if(WEIR_SANITIZE MATCHES thread)
    add_compile_options(-Wno-tsan)
  endif()
endif()

find_program(MOLD mold)
if(MOLD AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  add_link_options(-fuse-ld=mold)
endif()
find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
endif()
