#pragma once

namespace weir::rpc {

/// How both ends of a connection prove who they are. Goes to every server, channel and data stream;
/// today there is one kind, plain text.
struct Security {};

}  // namespace weir::rpc
