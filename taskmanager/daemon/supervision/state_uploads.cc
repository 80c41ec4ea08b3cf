#include "taskmanager/daemon/supervision/state_uploads.h"

#include <atomic>
#include <utility>
#include <vector>

namespace weir::taskmanager {
namespace {

constexpr std::uint64_t kMostInline = 64 * 1024;  // Of a section in one report.
constexpr std::uint64_t kMostTogether = 1 << 20;  // Of all; above it only small ones stay.
constexpr std::uint64_t kSmall = 1024;

bool isToMove(const runtime::SectionHandle& handle, std::uint64_t most_inline) {
  return handle.storage == runtime::SectionHandle::Storage::kInline &&
         handle.bytes.size() > most_inline;
}

std::uint64_t bytesAbove(std::uint64_t most_inline, const runtime::CheckpointAck& ack) {
  std::uint64_t bytes = 0;
  for (const runtime::OperatorSnapshot& snapshot : ack.operators) {
    bytes += isToMove(snapshot.handle, most_inline) ? snapshot.handle.bytes.size() : 0;
  }
  return bytes;
}

/// Larger sections of `ack` leave it.
std::uint64_t mostInline(const runtime::CheckpointAck& ack) {
  return bytesAbove(0, ack) > kMostTogether ? kSmall : kMostInline;
}

Error abortedError() { return Error(ErrorCode::kCancelled, "the checkpoint was aborted"); }

}  // namespace

/// Belongs to the pool's thread from begun to over, else to the strand.
struct StateUploads::Upload {
  enum class Stage : std::uint8_t { kWaiting, kRunning, kOver };

  Upload(runtime::CheckpointAck its_ack, Done its_done)
      : execution(its_ack.execution),
        checkpoint(its_ack.checkpoint),
        most_inline(mostInline(its_ack)),
        bytes(bytesAbove(most_inline, its_ack)),
        outcome{.ack = std::move(its_ack), .status = ok(), .failed = {}},
        done(std::move(its_done)) {}

  const runtime::ExecutionId execution;
  const CheckpointId checkpoint;
  const std::uint64_t most_inline;
  const std::uint64_t bytes;
  Outcome outcome;
  Done done;
  std::atomic<Stage> stage = Stage::kWaiting;
  std::atomic<bool> unwanted = false;
};

std::uint64_t StateUploads::bytesToMove(const runtime::CheckpointAck& ack) {
  return bytesAbove(mostInline(ack), ack);
}

void StateUploads::start(runtime::CheckpointAck ack, Done done) {
  auto upload = std::make_shared<Upload>(std::move(ack), std::move(done));
  bytes_ += upload->bytes;
  open_.insert(upload);
  // What comes back when the loop has ended is dropped: only then we may be gone.
  pool_.post([this, &transport = transport_, &loop = loop_, upload] {
    auto waiting = Upload::Stage::kWaiting;
    if (upload->stage.compare_exchange_strong(waiting, Upload::Stage::kRunning)) {
      move(transport, *upload);
      loop.post([this, upload] { end(upload); });
    }
  });
}

void StateUploads::move(BlobTransport& transport, Upload& upload) {
  runtime::CheckpointAck& ack = upload.outcome.ack;
  for (runtime::OperatorSnapshot& snapshot : ack.operators) {
    runtime::SectionHandle& handle = snapshot.handle;
    if (!isToMove(handle, upload.most_inline)) {
      continue;
    }
    auto key = upload.unwanted ? Result<std::string>(abortedError())
                               : transport.putState(ack.execution.job, handle.bytes);
    if (!key) {
      upload.outcome.status = std::move(key).error();
      upload.outcome.failed = snapshot.id;
      return;
    }
    handle.storage = runtime::SectionHandle::Storage::kBlob;
    handle.location = *std::move(key);
    handle.offset = 0;
    handle.size = handle.bytes.size();
    handle.bytes = std::string();
  }
}

void StateUploads::end(const SharedUpload& upload) {
  if (open_.erase(upload) == 0) {
    return;
  }
  bytes_ -= upload->bytes;
  Outcome outcome = std::move(upload->outcome);
  std::erase_if(outcome.ack.operators, [&](const runtime::OperatorSnapshot& one) {
    return isToMove(one.handle, upload->most_inline);
  });
  std::exchange(upload->done, {})(std::move(outcome));
}

void StateUploads::abort(const runtime::ExecutionId& execution,
                         std::optional<CheckpointId> checkpoint) {
  std::vector<SharedUpload> waiting;
  for (const SharedUpload& upload : open_) {
    if (upload->execution != execution || (checkpoint && upload->checkpoint != *checkpoint)) {
      continue;
    }
    upload->unwanted = true;
    auto stage = Upload::Stage::kWaiting;
    if (upload->stage.compare_exchange_strong(stage, Upload::Stage::kOver)) {
      upload->outcome.status = abortedError();
      waiting.push_back(upload);
    }
  }
  for (const SharedUpload& upload : waiting) {
    end(upload);
  }
}

}  // namespace weir::taskmanager
