#include "common/rpc/quiet.h"

#include <grpc/support/log.h>

#include "common/telemetry/log.h"

namespace weir::rpc {

namespace {

void logOne(gpr_log_func_args* line) {
  log::debug(line->message, {{"from", "grpc"}, {"file", line->file}, {"line", line->line}});
}

}  // namespace

void quietGrpc() {
  static const bool done = [] {
    gpr_set_log_function(&logOne);
    return true;
  }();
  static_cast<void>(done);
}

}  // namespace weir::rpc
