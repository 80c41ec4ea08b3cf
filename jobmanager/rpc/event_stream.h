#pragma once

#include <algorithm>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <grpcpp/server_context.h>
#include <grpcpp/support/server_callback.h>

#include "common/rpc/peer_quota.h"
#include "common/rpc/status.h"
#include "jobmanager/rpc/outbox.h"

namespace weir::jobmanager {

/// The server's end of a stream of events to one client. Owns itself until gRPC is done with it;
/// who has events to send shares it.
///
/// Threads: push() and end() from any, they never block.
template <typename Message>
class EventStream final : public grpc::ServerWriteReactor<Message>,
                          public std::enable_shared_from_this<EventStream<Message>> {
 public:
  /// A client that leaves so much unread is given up.
  static constexpr std::uint64_t kMostUnread = 64 << 20;

  /// `permit` is held until gRPC is done with the stream.
  static std::shared_ptr<EventStream> make(rpc::PeerQuota::Permit permit) {
    auto stream = std::make_shared<EventStream>();
    stream->permit_ = std::move(permit);
    stream->self_ = stream;
    stream->outbox_.open(std::nullopt);
    return stream;
  }

  EventStream() : outbox_(kMostUnread) {}

  /// False once the stream has ended.
  bool push(Message message) {
    const auto pushed = outbox_.push(std::move(message));
    if (pushed == Outbox<Message>::Push::kFull) {
      end(Error(ErrorCode::kResourceExhausted, "the client does not read its events"), true);
      return false;
    }
    proceed();
    return pushed == Outbox<Message>::Push::kQueued;
  }
  /// Ends the stream after the events that wait, or at once when `drop` is set.
  void end(const Status& status, bool drop = false) {
    outbox_.end(rpc::toGrpc(status), drop);
    proceed();
  }

  void OnWriteDone(bool written) override {
    outbox_.written();
    if (!written) {
      outbox_.end(grpc::Status::CANCELLED, true);
    }
    proceed();
  }
  void OnCancel() override {
    outbox_.end(grpc::Status::CANCELLED, true);
    proceed();
  }
  void OnDone() override {
    permit_.reset();
    const auto keep = std::move(self_);  // Ends us at the end of this call, unless shared.
  }

 private:
  void proceed() {
    using Step = typename Outbox<Message>::Step;
    switch (outbox_.next()) {
      case Step::kWrite:
        this->StartWrite(&outbox_.current());
        break;
      case Step::kFinish:
        this->Finish(outbox_.status());
        break;
      case Step::kNothing:
        break;
    }
  }

  Outbox<Message> outbox_;
  rpc::PeerQuota::Permit permit_;
  std::shared_ptr<EventStream> self_;  // Shared with who sends; let go by OnDone().
};

/// The streams that are open, to end them when the job manager stops. Threads: any.
template <typename Stream>
class OpenStreams {
 public:
  /// Forgets those that have ended, and remembers this one. False after close().
  bool add(const std::shared_ptr<Stream>& stream) {
    const std::lock_guard lock(mutex_);
    std::erase_if(streams_, [](const std::weak_ptr<Stream>& one) { return one.expired(); });
    streams_.push_back(stream);
    return !closed_;
  }
  /// Those that are open now.
  std::vector<std::shared_ptr<Stream>> all() const {
    const std::lock_guard lock(mutex_);
    std::vector<std::shared_ptr<Stream>> open;
    for (const std::weak_ptr<Stream>& one : streams_) {
      if (auto stream = one.lock()) {
        open.push_back(std::move(stream));
      }
    }
    return open;
  }
  void close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::weak_ptr<Stream>> streams_;
  bool closed_ = false;
};

}  // namespace weir::jobmanager
