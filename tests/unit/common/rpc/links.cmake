target_link_libraries(${name} PRIVATE gRPC::grpc++)
