#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "common/concurrency/executor.h"
#include "common/zookeeper/node.h"
#include "common/zookeeper/settings.h"

namespace weir::zookeeper {

enum class SessionState : std::uint8_t {
  kConnecting,  ///< No server has answered yet.
  kConnected,
  kSuspended,  ///< The connection is lost; the session may go on at another server.
  kLost,       ///< For good: ephemeral nodes are gone, or will be. Another client is to be opened.
};

class Session;

/// One session with a ZooKeeper ensemble.
///
/// The session is lost when the servers say so, and by our own clock when none of them has answered
/// for as long as it lasts: leaseHolds() is false from that moment on, also in a process that was
/// stopped meanwhile. A server that is cut off from its ensemble may answer us for a while after
/// the others have ended our session: what counts is written with a check of a version.
///
/// Every call is answered once on the executor, after the call, within the session's time-out; none
/// once the client is gone. Errors: kNotFound for no such node; kFailedPrecondition for one that
/// exists, or has children; kFenced for another version; kDeadlineExceeded: nobody knows whether it
/// was done; kUnavailable: it was not, as the session is lost; kInvalidArgument for what the
/// servers do not allow.
///
/// Threads: the executor's, but open() and leaseHolds(): any. The destructor ends the session, so
/// that its ephemeral nodes go at once, and waits for that a few seconds at most.
class Client {
 public:
  template <typename T>
  using Answer = std::function<void(Result<T>)>;
  /// Called once when what was read has changed. A lost session is told by StateSink alone.
  using Watcher = std::function<void()>;
  using StateSink = std::function<void(SessionState, const Error&)>;

  /// Begins to connect. `state` is told every change, on the executor. Errors: kInvalidArgument
  /// without the library, kUnavailable when no name of the quorum is known.
  static Result<std::unique_ptr<Client>> open(const Settings& settings,
                                              concurrency::Executor& executor,
                                              StateSink state);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  SessionState state() const;
  /// The session is ours by our own clock. Any thread.
  bool leaseHolds() const;
  /// As the servers granted it; zero before.
  Duration sessionTimeout() const;
  std::int64_t sessionId() const;

  void get(const std::string& path, Answer<Node> done, Watcher changed = {});
  /// The watcher is also called when the node appears.
  void exists(const std::string& path, Answer<std::optional<NodeStat>> done, Watcher changed = {});
  /// Names, without order.
  void children(const std::string& path,
                Answer<std::vector<std::string>> done,
                Watcher changed = {});
  /// The path as it was made: of a sequential node with its number.
  void create(const std::string& path,
              std::string_view data,
              Lifetime lifetime,
              Answer<std::string> done);
  void set(const std::string& path,
           std::string_view data,
           std::int32_t version,
           Answer<NodeStat> done);
  void remove(const std::string& path, std::int32_t version, Answer<std::monostate> done);
  void multi(const std::vector<Operation>& operations, std::function<void(MultiReply)> done);
  /// What is read afterwards is not older than this call.
  void sync(const std::string& path, Answer<std::monostate> done);

 private:
  explicit Client(std::shared_ptr<Session> session);

  std::shared_ptr<Session> session_;  // Shared with what runs on the executor just now.
};

}  // namespace weir::zookeeper
