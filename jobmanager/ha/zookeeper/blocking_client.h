#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "common/concurrency/thread_executor.h"
#include "common/zookeeper/client.h"

namespace weir::ha {

/// Nobody knows whether it was done.
inline bool isUnknown(const Error& error) { return error.code() == ErrorCode::kDeadlineExceeded; }

/// A session with ZooKeeper for threads that may wait: each call returns with its answer, in
/// bounded time.
///
/// Threads: any. Errors: those of zookeeper::Client.
class BlockingClient {
 public:
  explicit BlockingClient(zookeeper::Settings settings) : settings_(std::move(settings)) {}
  ~BlockingClient() { close(); }
  BlockingClient(const BlockingClient&) = delete;
  BlockingClient& operator=(const BlockingClient&) = delete;

  const zookeeper::Settings& settings() const { return settings_; }

  /// Begins a session in place of the one before, and waits until a server has answered.
  Status connect();
  /// Waits until the session is connected again; kUnavailable once it is lost, or when this takes
  /// longer than the session.
  Status awaitConnection();
  /// Told once, on a thread of the client, when the session that connect() began is lost, but not
  /// of close(). Set before connect().
  void onLost(std::function<void(const Error&)> lost) { lost_ = std::move(lost); }
  /// The session is ours by our own clock.
  bool leaseHolds() const;
  /// Ends the session: what is ephemeral goes at once. Every later call is answered with
  /// kUnavailable. Idempotent.
  void close();

  Result<zookeeper::Node> get(const std::string& path, zookeeper::Client::Watcher changed = {});
  Result<std::optional<zookeeper::NodeStat>> exists(const std::string& path,
                                                    zookeeper::Client::Watcher changed = {});
  Result<std::vector<std::string>> children(const std::string& path);
  Result<std::string> create(const std::string& path,
                             std::string_view data,
                             zookeeper::Lifetime lifetime);
  Status remove(const std::string& path);
  zookeeper::MultiReply multi(const std::vector<zookeeper::Operation>& operations);

  /// The same as get() and children(), again and again until there is an answer, or the session is
  /// lost.
  Result<zookeeper::Node> read(const std::string& path);
  Result<std::vector<std::string>> list(const std::string& path);
  /// A node that is there afterwards, also those above it; empty where it was not.
  Status make(const std::string& path);

 private:
  template <typename T, typename Ask>
  Result<T> ask(Ask ask);
  std::shared_ptr<zookeeper::Client> client() const;
  void sessionChanged(zookeeper::SessionState state, const Error& why);

  const zookeeper::Settings settings_;
  std::function<void(const Error&)> lost_;

  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  // Under the mutex.
  std::shared_ptr<zookeeper::Client> client_;  // Shared with calls that have just begun.
  zookeeper::SessionState state_ = zookeeper::SessionState::kConnecting;
  std::optional<Error> why_;
  Duration granted_{};  // By the servers to the session; zero: not known yet.
  bool closed_ = false;

  concurrency::ThreadExecutor executor_{"jm-zookeeper"};  // Last: it ends first.
};

}  // namespace weir::ha
