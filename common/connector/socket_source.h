#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "common/base/clock.h"
#include "common/functions/rich_function.h"
#include "common/functions/runtime_context.h"

namespace weir {

namespace connector {
class Descriptor;
}  // namespace connector

/// Reads text from a TCP server, cut at a delimiter (a '\r' before "\n" goes too). To be run at
/// parallelism 1. Not replayable: what was read before a failure and is not in a checkpoint is
/// lost.
///
/// Ends when the server closes the connection, or, with `retries` above 0, when it could not be
/// reached again so many times in a row, half a second apart; below 0 it never gives up. What came
/// after the last delimiter is emitted at the end. When not even the first connection comes about
/// within these retries, pollNext() throws.
class SocketSource : public RichSourceFunction<std::string> {
 public:
  SocketSource(std::string host, std::uint16_t port, std::string delimiter = "\n", int retries = 0);

  InputStatus pollNext(SourceContext<std::string>& context) override;
  void close() override;

 private:
  /// Tries when it is time to; kMoreAvailable once there is a connection.
  InputStatus connect(SourceContext<std::string>& context);
  InputStatus disconnected(SourceContext<std::string>& context);
  InputStatus waitForRetry(SourceContext<std::string>& context);
  InputStatus end(SourceContext<std::string>& context);
  void emitComplete(SourceContext<std::string>& context);

  std::string host_;
  std::uint16_t port_;
  std::string delimiter_;
  int retries_;
  int failures_ = 0;
  bool ever_connected_ = false;
  SteadyTime next_try_{};
  std::string unfinished_;
  // Made after open(), so that copies of the function for other subtasks never share one.
  std::shared_ptr<connector::Descriptor> socket_;
};

}  // namespace weir
