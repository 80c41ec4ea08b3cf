# The compile tests include our headers.
target_compile_definitions(${name} PRIVATE WEIR_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
target_link_libraries(${name} PRIVATE PkgConfig::XXHASH)
