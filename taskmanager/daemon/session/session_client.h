#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "common/base/clock.h"
#include "common/rpc/leader_route.h"
#include "taskmanager/daemon/supervision/io_loop.h"
#include "taskmanager/daemon/supervision/job_manager_link.h"

namespace weir::taskmanager {

struct SessionSettings {
  /// How long registration may take; Duration::max(): for ever.
  Duration registration_limit = Duration::max();
  Duration answer_timeout = std::chrono::seconds(10);  ///< To a registration.
  Duration refusal_pause = std::chrono::seconds(10);   ///< Before asking again after a refusal.
  /// The longest pause before asking again while what runs waits for a job manager.
  Duration holding_pause = std::chrono::milliseconds(200);
  /// Why nobody is known to lead, where the route knows nobody.
  std::function<std::optional<Error>()> why_nobody = {};
};

/// The session with the job manager over gRPC.
///
/// Tries to connect every 0.1 to 2 s, so that job manager and task managers may start in any order.
/// Reads on one thread of its own and writes on another while there is a session. A job manager
/// that does not lead and says who does is believed; the epoch of the one that registers us counts.
///
/// Threads: as JobManagerLink. Destroyed only after close(), or after the loop was shut down.
class SessionClient final : public JobManagerLink {
 public:
  /// Loop and route outlive it.
  SessionClient(IoLoop& loop, rpc::LeaderRoute& route, SessionSettings settings);
  ~SessionClient() override;

  void open(runtime::Registration registration, Listener& listener) override;
  void setHoldings(runtime::Holdings holdings) override;
  void send(runtime::TaskManagerReport report) override;
  void relay(runtime::EncodedAck ack) override;
  void told(const runtime::ExecutionId& execution) override;
  bool hasRoom() const override;
  void close() override;

  /// `leader` leads: a session with another one ends, and the next one is with it. Any thread.
  void follow(const rpc::Address& leader);

 private:
  struct State;

  std::unique_ptr<State> state_;
};

}  // namespace weir::taskmanager
