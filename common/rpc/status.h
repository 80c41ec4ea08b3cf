#pragma once

#include <grpcpp/support/status.h>

#include "common/base/result.h"

namespace weir::rpc {

/// The error as gRPC carries it: the nearest of gRPC's codes and a readable message for foreign
/// clients, and code, message and advice of ours in the details, so that fromGrpc() restores it.
grpc::Status toGrpc(const Error& error);
/// OK, or the error.
grpc::Status toGrpc(const Status& status);

/// The other way. A status without our details (the connection, a proxy, a deadline) is translated
/// by its code: UNAVAILABLE is kUnavailable, DEADLINE_EXCEEDED kDeadlineExceeded, and so on.
Status fromGrpc(const grpc::Status& status);
/// The same for a status that is not OK.
Error errorFromGrpc(const grpc::Status& status);

}  // namespace weir::rpc
