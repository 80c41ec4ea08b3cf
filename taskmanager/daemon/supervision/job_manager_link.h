#pragma once

#include <cstdint>
#include <string>

#include "common/base/clock.h"
#include "common/base/error.h"
#include "common/base/ids.h"
#include "common/runtime/adoption.h"
#include "common/runtime/messages.h"

namespace weir::taskmanager {

/// What the job manager asks of a session.
struct SessionTerms {
  Duration heartbeat_interval{};          ///< How often it wants to hear from us.
  Duration heartbeat_timeout{};           ///< After so much silence it gives us up.
  std::int64_t asked_at = 0;              ///< When the registration was sent; of nanosSinceBoot().
  std::uint64_t most_message = 64 << 20;  ///< Bytes that it takes in one message.
  LeaderEpoch epoch{};                    ///< Of the job manager.
  /// How long what runs is kept for the next leader; zero: it ends with the session.
  Duration adoption_timeout{};
};

/// The ordered stream between this task manager and the job manager.
///
/// Threads: all calls from the task manager's strand, none blocks; the listener is called there.
class JobManagerLink {
 public:
  /// What comes from the other side.
  class Listener {
   public:
    virtual ~Listener() = default;
    /// The job manager knows us now.
    virtual void onRegistered(const SessionTerms& terms) = 0;
    /// The job manager has heard this heartbeat, and counts our silence from then on.
    virtual void onHeard(std::uint64_t heartbeat) = 0;
    virtual void onOrder(runtime::TaskManagerOrder order) = 0;
    /// hasRoom() is true again.
    virtual void onRoom() = 0;
    /// The job manager goes on with an attempt that is held.
    virtual void onAdopt(const runtime::ExecutionId& execution) = 0;
    /// It does not: the attempt ends at once.
    virtual void onGiveUp(const runtime::ExecutionId& execution) = 0;
    /// The session is over, and nobody knows whether there is a job manager; open() starts another.
    virtual void onLost(const std::string& reason) = 0;
    /// The same, and the job manager has said that it gives us up.
    virtual void onDismissed(const std::string& reason) = 0;
    /// No job manager was found in the time that registration may take.
    virtual void onGivenUp(const Error& error) = 0;
  };

  virtual ~JobManagerLink() = default;
  /// Registers, with retries, until onRegistered() or onGivenUp().
  virtual void open(runtime::Registration registration, Listener& listener) = 0;
  /// What is told with registrations from now on. While it names attempts, a leader that is older
  /// than the newest that was obeyed is refused.
  virtual void setHoldings(runtime::Holdings holdings) = 0;
  /// Queues a report; dropped without a session.
  virtual void send(runtime::TaskManagerReport report) = 0;
  /// The same of an acknowledgement, which nobody reads on the way.
  virtual void relay(runtime::EncodedAck ack) = 0;
  /// Says that all reports about a held attempt that were due are queued.
  virtual void told(const runtime::ExecutionId& execution) = 0;
  /// Whether the queue is short enough to take more from workers.
  virtual bool hasRoom() const = 0;
  /// Sends what is queued, waiting for it a moment, and ends the session without onLost().
  virtual void close() = 0;
};

}  // namespace weir::taskmanager
