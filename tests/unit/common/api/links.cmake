# The tests stand in for the local cluster, which the SDK looks for in the process first.
target_link_options(${name} PRIVATE -rdynamic)
