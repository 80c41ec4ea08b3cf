#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "common/base/clock.h"
#include "common/functions/rich_function.h"
#include "common/functions/runtime_context.h"

namespace weir {

class UniqueFd;

/// Reads text from a TCP server, cut at a delimiter (a '\r' before "\n" goes too). To be run at
/// parallelism 1. Not replayable: what was read before a failure and is not in a checkpoint is
/// lost.
///
/// Ends when the server closes the connection in order, or, with `retries` above 0, when it could
/// not be reached again so many times in a row, half a second apart; below 0 it never gives up. An
/// orderly close is the end of a text, as the end of a file is: what came after the last delimiter
/// is a line too, and what a later connection brings begins a new one.
///
/// A connection that breaks (reset, timed out, unreachable) is no end. Without retries pollNext()
/// throws; with them the source connects again, drops the incomplete line, says so on standard
/// error, and throws when the retries are used up. So does a first connection that does not come
/// about.
class SocketSource : public RichSourceFunction<std::string> {
 public:
  SocketSource(std::string host, std::uint16_t port, std::string delimiter = "\n", int retries = 0);

  InputStatus pollNext(SourceContext<std::string>& context) override;
  void close() override;

 private:
  /// Tries when it is time to; kMoreAvailable once there is a connection.
  InputStatus connect(SourceContext<std::string>& context);
  /// The server has closed.
  InputStatus closed(SourceContext<std::string>& context);
  /// The connection broke.
  InputStatus broken(int cause, SourceContext<std::string>& context);
  InputStatus waitForRetry(SourceContext<std::string>& context);
  void emitComplete(SourceContext<std::string>& context);

  std::string host_;
  std::uint16_t port_;
  std::string delimiter_;
  int retries_;
  int failures_ = 0;
  bool may_end_ = false;  // The last connection was closed in order.
  SteadyTime next_try_{};
  std::string unfinished_;
  // Made after open(), so that copies of the function for other subtasks never share one.
  std::shared_ptr<UniqueFd> socket_;
};

}  // namespace weir
