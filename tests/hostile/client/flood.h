#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <string>

#include <grpcpp/channel.h>
#include <grpcpp/support/status.h>

namespace weir::hostile {

/// A connection of its own, which takes messages of any size.
std::shared_ptr<grpc::Channel> connect(int port);

/// Calls `method` ("/weir.v1.JobManager/ListJobs") with these bytes as its only message.
grpc::Status callWith(grpc::Channel& channel, const std::string& method, const std::string& bytes);

/// What became of many calls: how many ended with this text; "" are those that were still open.
using Ends = std::map<std::string, int>;

/// Opens `calls` calls of `method` over `connections` connections, sends `first` on each unless it
/// is empty, never says that it is done, and leaves them open for `duration`.
Ends flood(int port,
           const std::string& method,
           const std::string& first,
           int calls,
           int connections,
           std::chrono::milliseconds duration);

}  // namespace weir::hostile
