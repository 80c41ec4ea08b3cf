#pragma once

namespace weir::rpc {

/// Sends what gRPC itself prints to our log, at DEBUG: a refused connection is an Error of the
/// call, and a command line that fails prints one line. Called before the first channel or server.
void quietGrpc();

}  // namespace weir::rpc
