# Graphs of these tests are translated from programs.
target_link_libraries(${name} PRIVATE weir_common_program)
