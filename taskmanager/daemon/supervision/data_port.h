#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <string>

#include "common/base/result.h"
#include "taskmanager/daemon/supervision/io_loop.h"
#include "taskmanager/daemon/supervision/unique_fd.h"
#include "taskmanager/worker/network/hello.h"

namespace weir::taskmanager {

/// What became of a connection that showed its hello.
enum class PeerRouting : std::uint8_t {
  kTaken,    ///< A worker has it.
  kRefused,  ///< It is for nobody here, or its token is wrong: closed at once.
  kNotYet,   ///< Its worker may still come.
};

/// Where workers of other task managers connect for records.
///
/// Reads the hello of each connection, not a byte more, and offers it to the router, who takes the
/// descriptor for a worker. Connections that nobody has taken after 10 s are closed, and at most
/// 256 wait. Threads: the loop's.
class DataPort {
 public:
  /// Moves the descriptor out when it answers kTaken.
  using Router = std::function<PeerRouting(const worker::DataHello&, UniqueFd&)>;

  /// Listens on `host` (empty: all interfaces); port 0 takes a free one. kUnavailable, naming both,
  /// when that cannot be.
  static Result<std::unique_ptr<DataPort>> listen(IoLoop& loop,
                                                  const std::string& host,
                                                  std::uint16_t port,
                                                  Router router);

  ~DataPort();
  DataPort(const DataPort&) = delete;
  DataPort& operator=(const DataPort&) = delete;

  std::uint16_t port() const { return port_; }
  /// Offers the waiting connections again: a worker has come.
  void retry();
  /// How many connections wait, for their hello or their worker.
  std::size_t waiting() const { return pending_.size(); }

  /// How long a connection may wait; for tests.
  void setPatience(Duration patience) { patience_ = patience; }

 private:
  struct Pending;
  using Iterator = std::list<std::unique_ptr<Pending>>::iterator;

  DataPort(IoLoop& loop, UniqueFd listener, std::uint16_t port, Router router);
  void onAcceptable();
  void add(UniqueFd socket);
  void onReadable(Iterator pending);
  void drop(Iterator pending);
  bool offer(Iterator pending);  // False when it is gone from the list.

  IoLoop& loop_;  // Borrowed from the task manager.
  UniqueFd listener_;
  std::uint16_t port_;
  Router router_;
  Duration patience_ = std::chrono::seconds(10);
  std::list<std::unique_ptr<Pending>> pending_;
  std::unique_ptr<IoLoop::Timer> pause_;  // After running out of descriptors.
  std::unique_ptr<IoLoop::Watch> watch_;
};

}  // namespace weir::taskmanager
