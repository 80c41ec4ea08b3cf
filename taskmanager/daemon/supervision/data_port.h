#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <string>

#include "common/base/clock.h"
#include "common/base/result.h"
#include "common/base/unique_fd.h"
#include "common/config/security.h"
#include "common/daemon/descriptors.h"
#include "common/telemetry/occasionally.h"
#include "taskmanager/daemon/supervision/io_loop.h"
#include "taskmanager/worker/network/hello.h"

namespace weir::taskmanager {

/// What became of a connection that showed its hello.
enum class PeerRouting : std::uint8_t {
  kTaken,    ///< A worker has it.
  kRefused,  ///< It is for nobody here, or its token is wrong: closed at once.
  kNotYet,   ///< Its worker may still come.
};

/// What may wait at a data port.
struct DataPortLimits {
  std::size_t most = 256;                        ///< Connections.
  Duration patience = std::chrono::seconds(10);  ///< How long one may wait.
};

/// Where workers of other task managers connect for records.
///
/// Reads the hello of each connection, not a byte more, and offers it to the router, who takes the
/// descriptor for a worker. How many wait, and how long, is bounded: above the bound the host that
/// holds most of them loses its oldest, one without hello first. Out of descriptors, it turns peers
/// away. Threads: the loop's.
class DataPort {
 public:
  /// Moves the descriptor out when it answers kTaken.
  using Router = std::function<PeerRouting(const worker::DataHello&, UniqueFd&)>;

  /// Listens on `host` (empty: all interfaces); port 0 takes a free one. kUnavailable, naming both,
  /// when that cannot be.
  static Result<std::unique_ptr<DataPort>> listen(IoLoop& loop,
                                                  const std::string& host,
                                                  std::uint16_t port,
                                                  const config::Security& security,
                                                  Router router,
                                                  DataPortLimits limits = {});

  ~DataPort();
  DataPort(const DataPort&) = delete;
  DataPort& operator=(const DataPort&) = delete;

  std::uint16_t port() const { return port_; }
  /// Whether workers that connect to `host` arrive here, as far as this machine can tell: where it
  /// is an address of ours, something must listen on it. Errors: kInvalidArgument naming both.
  Status checkReachable(const std::string& host) const;
  /// Offers the waiting connections again: a worker has come.
  void retry();
  /// How many connections wait, for their hello or their worker.
  std::size_t waiting() const { return pending_.size(); }

  /// How long a connection may wait; for tests.
  void setPatience(Duration patience) { limits_.patience = patience; }

 private:
  struct Pending;
  using Iterator = std::list<std::unique_ptr<Pending>>::iterator;

  DataPort(
      IoLoop& loop, UniqueFd listener, std::uint16_t port, Router router, DataPortLimits limits);
  void onAcceptable();
  void add(UniqueFd socket, std::string host);
  void makeRoom();
  void onReadable(Iterator pending);
  void drop(Iterator pending);
  bool offer(Iterator pending);  // False when it is gone from the list.

  IoLoop& loop_;  // Borrowed from the task manager.
  UniqueFd listener_;
  std::uint16_t port_;
  Router router_;
  DataPortLimits limits_;
  daemon::SpareDescriptor spare_;
  log::Occasionally error_lines_;
  log::Occasionally room_lines_;
  std::list<std::unique_ptr<Pending>> pending_;  // Oldest first.
  std::unique_ptr<IoLoop::Timer> pause_;         // After running out of descriptors.
  std::unique_ptr<IoLoop::Watch> watch_;
};

}  // namespace weir::taskmanager
