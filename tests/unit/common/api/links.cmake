# The tests stand in for the local cluster, which the SDK looks for in the process first.
target_link_options(${name} PRIVATE -rdynamic)
# The compile tests include our headers.
target_compile_definitions(${name} PRIVATE WEIR_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
