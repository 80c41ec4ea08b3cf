#include "jobmanager/rpc/blob_transfer.h"

#include <algorithm>
#include <list>
#include <optional>
#include <utility>

#include "cluster.grpc.pb.h"
#include "common/concurrency/thread_executor.h"
#include "common/concurrency/thread_pool.h"
#include "common/rpc/chunks.h"
#include "common/rpc/peer_quota.h"
#include "common/rpc/status.h"
#include "common/telemetry/log.h"
#include "jobmanager/rpc/blob_upload.h"
#include "jobmanager/rpc/transfer_pace.h"

namespace weir::jobmanager {
namespace {

constexpr std::size_t kFileThreads = 4;
constexpr Duration kLookEvery = std::chrono::milliseconds(250);

/// A transfer as the watch sees it. On the strand.
class Watched {
 public:
  virtual ~Watched() = default;
  virtual void look(SteadyTime now) = 0;
};

/// A refusal after which the same transfer is to be tried again.
Error forNow(const Error& error) {
  return Error(ErrorCode::kUnavailable, error.message()).advise(error.advice());
}

}  // namespace

/// What transfers share: a strand that owns what they decide, and threads that work on files.
struct Transfers::State {
  State(blob::BlobStore& its_blobs, const Clock& its_clock, const TransferLimits& its_limits)
      : blobs(its_blobs),
        clock(its_clock),
        limits(its_limits),
        quota("transfers of files", "blob.fetch.num-concurrent", its_limits.most) {}

  /// Looks at all transfers again and again.
  void watch() {
    const SteadyTime now = clock.now();
    for (auto one = open.begin(); one != open.end();) {
      if (const auto transfer = one->lock()) {
        transfer->look(now);
        ++one;
      } else {
        one = open.erase(one);
      }
    }
    if (const std::uint64_t expired = blobs.state().expireUploads(); expired > 0) {
      log::info("removed uploaded state that nobody acknowledged", {{"bytes", expired}});
    }
    timer = strand.schedule(kLookEvery, [this] { watch(); });
  }

  blob::BlobStore& blobs;
  const Clock& clock;
  const TransferLimits limits;
  rpc::PeerQuota quota;
  std::list<std::weak_ptr<Watched>> open;  // This and the timer are the strand's.
  std::unique_ptr<concurrency::Executor::Timer> timer;
  concurrency::ThreadExecutor strand{"jm-transfers"};
  concurrency::ThreadPool files{"jm-blobs", kFileThreads};
};

/// An upload. What it decides is the strand's; `blob_` belongs to the one task on files that runs.
class Transfers::Upload final : public grpc::ServerReadReactor<v1::Chunk>,
                                public Watched,
                                public std::enable_shared_from_this<Upload> {
 public:
  Upload(Transfers::State& state,
         v1::PutBlobReply& reply,
         Check check,
         rpc::PeerQuota::Permit permit)
      : state_(state),
        reply_(reply),
        permit_(std::move(permit)),
        pace_("upload", state.limits, state.clock.now()),
        blob_(state.blobs, std::move(check)) {}

  static Upload* start(const std::shared_ptr<Upload>& upload, const Status& allowed) {
    upload->self_ = upload;
    if (!allowed.has_value()) {
      upload->end(allowed);
      return upload.get();
    }
    upload->state_.strand.post([upload] { upload->state_.open.push_back(upload); });
    upload->StartRead(&upload->chunk_);
    return upload.get();
  }

  void OnReadDone(bool read) override {
    // A read that ends after the call did is of no interest.
    static_cast<void>(state_.files.post([self = shared_from_this(), read] {
      const Status done = read ? self->blob_.add(self->chunk_) : self->blob_.finish();
      const std::uint64_t bytes = read ? self->chunk_.data().size() : 0;
      self->state_.strand.post([self, done, read, bytes] { self->proceed(done, !read, bytes); });
    }));
  }
  void OnCancel() override {
    state_.strand.post([self = shared_from_this()] {
      self->end(Error(ErrorCode::kCancelled, "the sender of an upload went away"));
    });
  }
  void OnDone() override {
    const auto keep = std::move(self_);  // Ends us at the end of this call, unless shared.
  }
  void look(SteadyTime now) override {
    if (auto slow = pace_.complaint(now)) {
      end(*std::move(slow));
    }
  }

 private:
  void proceed(const Status& done, bool last, std::uint64_t bytes) {
    if (ended_) {
      return;
    }
    pace_.moved(bytes, state_.clock.now());
    if (done.has_value() && last) {
      reply_.set_key(blob_.key());
    }
    if (!done.has_value() || last) {
      end(done);
    } else {
      StartRead(&chunk_);
    }
  }
  void end(const Status& status) {
    if (!std::exchange(ended_, true)) {
      permit_.reset();
      Finish(rpc::toGrpc(status));
    }
  }

  Transfers::State& state_;  // Outlives the server.
  v1::PutBlobReply& reply_;  // gRPC's, until it is finished.
  rpc::PeerQuota::Permit permit_;
  TransferPace pace_;
  v1::Chunk chunk_;
  BlobUpload blob_;
  bool ended_ = false;
  std::shared_ptr<Upload> self_;  // Let go by OnDone().
};

/// A download. As Upload; `reader_` belongs to the one task on files that runs.
class Transfers::Download final : public grpc::ServerWriteReactor<v1::Chunk>,
                                  public Watched,
                                  public std::enable_shared_from_this<Download> {
 public:
  Download(Transfers::State& state,
           grpc::CallbackServerContext& context,
           const v1::GetBlobRequest& request,
           rpc::PeerQuota::Permit permit)
      : state_(state),
        context_(context),
        request_(request),
        permit_(std::move(permit)),
        pace_("download", state.limits, state.clock.now()) {}

  static Download* start(const std::shared_ptr<Download>& download, const Status& allowed) {
    download->self_ = download;
    if (!allowed.has_value()) {
      download->end(allowed);
      return download.get();
    }
    download->state_.strand.post([download] { download->state_.open.push_back(download); });
    download->readNext();
    return download.get();
  }

  void OnWriteDone(bool written) override {
    state_.strand.post([self = shared_from_this(), written] { self->proceed(written); });
  }
  void OnCancel() override {
    state_.strand.post([self = shared_from_this()] {
      if (!self->writing_) {
        self->end(Error(ErrorCode::kCancelled, "the receiver of a file went away"));
      }
    });
  }
  void OnDone() override { const auto keep = std::move(self_); }
  void look(SteadyTime now) override {
    auto slow = ended_ ? std::nullopt : pace_.complaint(now);
    if (!slow) {
      return;
    }
    if (!writing_) {
      end(*std::move(slow));
      return;
    }
    // Nothing can be said to a peer that does not read.
    log::warn("ending the transfer of a file", {{"peer", context_.peer()}, {"why", slow->text()}});
    context_.TryCancel();
  }

 private:
  void readNext() {
    static_cast<void>(state_.files.post([self = shared_from_this()] {
      const Status read = self->read();
      self->state_.strand.post([self, read] { self->write(read); });
    }));
  }
  Status read() {
    if (!reader_) {
      WEIR_TRY(reader_, state_.blobs.open(request_.key()));
      const std::uint64_t size = reader_->size();
      if (request_.offset() > size || request_.length() > size - request_.offset()) {
        return Error(ErrorCode::kInvalidArgument,
                     "blob " + request_.key() + " has " + std::to_string(size) +
                         " bytes and not those asked for");
      }
      at_ = request_.offset();
      end_ = request_.length() == 0 ? size : at_ + request_.length();
    }
    const std::uint64_t step = std::min<std::uint64_t>(rpc::kChunkBytes, end_ - at_);
    WEIR_TRY(*chunk_.mutable_data(), reader_->read(at_, step));
    at_ += step;
    return ok();
  }
  void write(const Status& read) {
    if (ended_) {
      return;
    }
    if (!read.has_value()) {
      end(read);
      return;
    }
    writing_ = true;
    StartWrite(&chunk_);
  }
  void proceed(bool written) {
    writing_ = false;
    pace_.moved(chunk_.data().size(), state_.clock.now());
    if (!written) {
      end(Error(ErrorCode::kUnavailable, "the receiver of a file went away"));
    } else if (at_ == end_) {
      end(ok());
    } else {
      readNext();
    }
  }
  void end(const Status& status) {
    if (!std::exchange(ended_, true)) {
      permit_.reset();
      Finish(rpc::toGrpc(status));
    }
  }

  Transfers::State& state_;
  grpc::CallbackServerContext& context_;  // gRPC's, until OnDone().
  const v1::GetBlobRequest request_;
  rpc::PeerQuota::Permit permit_;
  TransferPace pace_;
  std::unique_ptr<fs::FileReader> reader_;
  std::uint64_t at_ = 0;
  std::uint64_t end_ = 0;
  v1::Chunk chunk_;
  bool writing_ = false;
  bool ended_ = false;
  std::shared_ptr<Download> self_;
};

Transfers::Transfers(blob::BlobStore& blobs, const Clock& clock, const TransferLimits& limits)
    : state_(std::make_shared<State>(blobs, clock, limits)) {
  state_->strand.post([state = state_.get()] { state->watch(); });
}
Transfers::~Transfers() { stop(); }

grpc::ServerReadReactor<v1::Chunk>* Transfers::receive(const grpc::CallbackServerContext& context,
                                                       v1::PutBlobReply& reply,
                                                       Check check) {
  auto permit = state_->quota.take(context.peer());
  const Status allowed = permit.has_value() ? ok() : Status(forNow(permit.error()));
  return Upload::start(
      std::make_shared<Upload>(
          *state_, reply, std::move(check), allowed ? *std::move(permit) : nullptr),
      allowed);
}

grpc::ServerWriteReactor<v1::Chunk>* Transfers::send(grpc::CallbackServerContext& context,
                                                     const v1::GetBlobRequest& request) {
  auto permit = state_->quota.take(context.peer());
  const Status allowed = permit.has_value() ? ok() : Status(forNow(permit.error()));
  return Download::start(
      std::make_shared<Download>(*state_, context, request, allowed ? *std::move(permit) : nullptr),
      allowed);
}

void Transfers::stop() {
  state_->files.shutdown();
  state_->strand.shutdown();
  state_->timer.reset();
}

}  // namespace weir::jobmanager
