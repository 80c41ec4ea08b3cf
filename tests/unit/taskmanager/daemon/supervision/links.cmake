# Workers of these tests are shell scripts, started by the real launcher.
target_compile_definitions(${name} PRIVATE WEIR_LAUNCHER="$<TARGET_FILE:weir-launcher>")
add_dependencies(${name} weir-launcher)
