target_link_libraries(${name} PRIVATE weir_proto_grpc)
