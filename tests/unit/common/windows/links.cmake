# Operators run in the test kit.
target_link_libraries(${name} PRIVATE weir_common_testing)
