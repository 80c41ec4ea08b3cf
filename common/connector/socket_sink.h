#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "common/functions/functions.h"
#include "common/functions/rich_function.h"
#include "common/functions/runtime_context.h"

namespace weir {

class UniqueFd;

/// Sends each record as a line to a TCP server. To be run at parallelism 1. Waits while the server
/// does not read; at the end of the input until its machine has acknowledged every byte.
/// Errors: open(), invoke() and endInput() throw when the server cannot be reached or is gone.
class SocketSink : public RichSinkFunction<std::string> {
 public:
  SocketSink(std::string host, std::uint16_t port) : host_(std::move(host)), port_(port) {}

  void open(RuntimeContext& context) override;
  void invoke(const std::string& line) override;
  void endInput() override;
  void close() override;

 private:
  [[noreturn]] void raiseLost(int cause) const;

  std::string host_;
  std::uint16_t port_;
  std::string line_;                         // Reused.
  const RuntimeContext* context_ = nullptr;  // Of the operator, since open().
  // Made in open(), so that copies of the function for other subtasks never share one.
  std::shared_ptr<UniqueFd> socket_;
};

}  // namespace weir
