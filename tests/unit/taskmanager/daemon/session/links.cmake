# The job manager of these tests is a gRPC service in the same process.
target_link_libraries(${name} PRIVATE weir_proto_grpc gRPC::grpc++)
