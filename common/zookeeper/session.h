#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>

#include "common/zookeeper/call_table.h"
#include "common/zookeeper/client.h"
#include "common/zookeeper/lease.h"

namespace weir::zookeeper {

/// A session with the ensemble and the library's handle of it: what a client is made of. Shared
/// between the client and what runs on the executor just now, such as a callback that destroys the
/// client. Threads: as the client.
class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(const Settings& settings,
          const ZooKeeperLibrary& library,
          concurrency::Executor& executor,
          Client::StateSink sink)
      : settings_(settings), library_(library), executor_(executor), sink_(std::move(sink)) {}

  Status open();
  void close();

  SessionState state() const { return state_; }
  const Lease& lease() const { return lease_; }
  Duration timeout() const { return timeout_; }
  std::int64_t id() const;

  /// What the library's code of an answer means.
  static ErrorCode codeOf(int code);
  Error errorOf(int code, const std::string& what) const;

  /// Asks the library by `ask(handle, call)`; `done` gets what it answers.
  template <typename Ask>
  void call(CallTable::Answered done, Ask ask) {
    CallTable::Call& call = table_->add(patience(), std::move(done));
    const int code =
        state_ == SessionState::kLost || handle_ == nullptr ? ZSESSIONEXPIRED : ask(handle_, call);
    if (code != ZOK) {
      table_->refused(call, code);
    }
  }
  CallTable& table() { return *table_; }
  const ZooKeeperLibrary& library() const { return library_; }

 private:
  Duration patience() const {
    return timeout_ > Duration::zero() ? timeout_ : settings_.session_timeout;
  }
  void event(int state);
  void tick();
  void beat();
  void become(SessionState state, const Error& why);
  void lost(const Error& why);

  const Settings settings_;
  const ZooKeeperLibrary& library_;
  concurrency::Executor& executor_;
  Client::StateSink sink_;
  BootClock clock_;
  Lease lease_{clock_};
  std::shared_ptr<CallTable> table_;  // Shared with what the library's thread has posted.
  std::mutex opening_;                // Held until the handle is there.
  zhandle_t* handle_ = nullptr;       // Owned, until close().
  SessionState state_ = SessionState::kConnecting;
  bool linked_ = false;  // A server has accepted the session on a connection that still stands.
  bool beating_ = false;
  Duration timeout_{};
  SteadyTime opened_;
  std::unique_ptr<concurrency::Executor::Timer> timer_;
};

}  // namespace weir::zookeeper
