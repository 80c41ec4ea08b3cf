#include "common/zookeeper/session.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "common/telemetry/log.h"

namespace weir::zookeeper {
namespace {

// As they stand in the protocol (ZOO_*_STATE of zookeeper.h are variables of the library).
constexpr int kStateExpired = -112;
constexpr int kStateRefused = -113;
constexpr int kStateConnected = 3;
constexpr int kNoClientEnvironment = 2;  // ZOO_NO_LOG_CLIENTENV

int millis(Duration duration) {
  return static_cast<int>(std::chrono::duration_cast<std::chrono::milliseconds>(duration).count());
}

void logOfLibrary(const char* message) { log::debug("zookeeper", {{"text", message}}); }

}  // namespace

Status Session::open() {
  opened_ = clock_.now();
  table_ = std::make_shared<CallTable>(executor_, [weak = weak_from_this()](int state) {
    if (const auto session = weak.lock()) {
      session->event(state);
    }
  });
  const std::lock_guard lock(opening_);
  handle_ = library_.zookeeper_init2(settings_.quorum.c_str(),
                                     &CallTable::onEvent,
                                     millis(settings_.session_timeout),
                                     nullptr,
                                     table_.get(),
                                     kNoClientEnvironment,
                                     &logOfLibrary);
  if (handle_ == nullptr) {
    return Error(ErrorCode::kUnavailable,
                 "the ZooKeeper servers " + settings_.quorum +
                     " cannot be looked for: " + std::strerror(errno))
        .advise("correct recovery.zookeeper.quorum, or the names that it has");
  }
  executor_.post([weak = weak_from_this()] {
    if (const auto session = weak.lock()) {
      session->tick();
    }
  });
  return ok();
}

void Session::close() {
  timer_.reset();
  sink_ = nullptr;
  lease_.end();
  state_ = SessionState::kLost;
  if (table_) {
    table_->close();
  }
  if (handle_ != nullptr) {
    library_.zookeeper_close(std::exchange(handle_, nullptr));
  }
}

std::int64_t Session::id() const {
  const clientid_t* const id = handle_ == nullptr ? nullptr : library_.zoo_client_id(handle_);
  return id == nullptr ? 0 : id->client_id;
}

Error Session::errorOf(int code, const std::string& what) const {
  Error error(codeOf(code), what + ": " + library_.zerror(code));
  switch (error.code()) {
    case ErrorCode::kInvalidArgument:
      return std::move(error).advise("allow Weir to read, write, create and delete below " +
                                     settings_.root + " of ZooKeeper");
    case ErrorCode::kDeadlineExceeded:
    case ErrorCode::kUnavailable:
      return std::move(error).during("ZooKeeper at " + settings_.quorum);
    default:
      return error;
  }
}

void Session::event(int state) {
  {  // The library tells of it before it gives the handle.
    const std::lock_guard wait(opening_);
  }
  if (state_ == SessionState::kLost || handle_ == nullptr) {
    return;
  }
  linked_ = state == kStateConnected;
  if (linked_) {
    timeout_ = std::chrono::milliseconds(library_.zoo_recv_timeout(handle_));
    beating_ = false;  // One that was sent on another connection proves nothing of this one.
    beat();
  } else if (state == kStateExpired) {
    lost(Error(ErrorCode::kUnavailable,
               "the ZooKeeper servers " + settings_.quorum + " have ended the session"));
  } else if (state == kStateRefused) {
    lost(Error(ErrorCode::kInvalidArgument,
               "the ZooKeeper servers " + settings_.quorum + " refuse the log-in"));
  } else if (state_ == SessionState::kConnected) {
    become(SessionState::kSuspended,
           Error(ErrorCode::kUnavailable, "the connection to ZooKeeper is lost"));
  }
}

/// Looks whether the session is still ours, and keeps it.
void Session::tick() {
  if (state_ == SessionState::kLost) {
    return;
  }
  const bool was_ours = state_ != SessionState::kConnecting;
  const Duration left =
      was_ours ? lease_.left() : opened_ + settings_.connection_timeout - clock_.now();
  if (left <= Duration::zero()) {
    const Duration waited = was_ours ? timeout_ : settings_.connection_timeout;
    lost(Error(ErrorCode::kUnavailable,
               "no ZooKeeper server of " + settings_.quorum + " has answered for " +
                   std::to_string(millis(waited)) + " ms")
             .advise("look whether most of the servers run and can be reached from here"));
    return;
  }
  if (linked_) {
    beat();
  }
  const Duration pace = std::max<Duration>(patience() / 6, std::chrono::milliseconds(10));
  timer_ = executor_.schedule(std::min(pace, left), [this] { tick(); });
}

/// A request that reaches the ensemble's leader.
void Session::beat() {
  if (std::exchange(beating_, true)) {
    return;
  }
  const SteadyTime sent = clock_.now();
  call(
      [this, weak = weak_from_this(), sent](const Reply& reply) {
        const auto self = weak.lock();  // Whom become() tells may destroy the client.
        beating_ = false;
        if (reply.code == ZOK && state_ != SessionState::kLost) {
          lease_.extend(sent, timeout_);
          if (linked_ && lease_.holds()) {
            become(SessionState::kConnected, Error(ErrorCode::kInternal, ""));
          }
        }
      },
      [this](zhandle_t* handle, CallTable::Call& call) {
        return library_.zoo_async(
            handle,
            "/",
            [](int code, const char* text, const void* data) {
              CallTable::onStringAndStat(code, text, nullptr, data);
            },
            &call);
      });
}

void Session::become(SessionState state, const Error& why) {
  if (std::exchange(state_, state) != state && sink_) {
    const Client::StateSink sink = sink_;  // Which may destroy the client.
    sink(state, why);
  }
}

void Session::lost(const Error& why) {
  const auto self = shared_from_this();
  lease_.end();
  timer_.reset();
  become(SessionState::kLost, why);
  table_->failAll(ZOPERATIONTIMEOUT);
}

ErrorCode Session::codeOf(int code) {
  switch (code) {
    case ZNONODE:
      return ErrorCode::kNotFound;
    case ZNODEEXISTS:
    case ZNOTEMPTY:
      return ErrorCode::kFailedPrecondition;
    case ZBADVERSION:
      return ErrorCode::kFenced;
    case ZSESSIONEXPIRED:
    case ZINVALIDSTATE:
      return ErrorCode::kUnavailable;
    case ZCONNECTIONLOSS:
    case ZOPERATIONTIMEOUT:
    case ZCLOSING:
    case ZSESSIONMOVED:
      return ErrorCode::kDeadlineExceeded;
    case ZNOAUTH:
    case ZAUTHFAILED:
    case ZINVALIDACL:
    case ZBADARGUMENTS:
      return ErrorCode::kInvalidArgument;
    default:
      return ErrorCode::kInternal;
  }
}

}  // namespace weir::zookeeper
