#include "taskmanager/worker/checkpoint/snapshot_store.h"

#include <algorithm>
#include <cstdio>
#include <exception>
#include <utility>

#include "common/base/crash_point.h"
#include "common/fs/uri.h"
#include "common/runtime/report_limits.h"
#include "common/snapshot/layout.h"
#include "common/state/keyed_backend.h"
#include "common/state/section.h"
#include "taskmanager/worker/checkpoint/section_sink.h"
#include "taskmanager/worker/checkpoint/shared_section.h"

namespace weir::worker {

namespace {

constexpr std::size_t kRemembered = 64;
constexpr std::size_t kThreads = 2;

std::uint32_t millisSince(const Clock& clock, SteadyTime start) {
  return static_cast<std::uint32_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(clock.now() - start).count());
}

/// What discards the state handles of users' own making in a snapshot.
std::vector<std::function<void()>> onAbandoned(const Snapshot& snapshot) {
  std::vector<std::function<void()>> calls;
  for (const FrozenOperator& frozen : snapshot.operators) {
    auto call = frozen.state == nullptr ? std::function<void()>() : frozen.state->onAbandoned();
    if (call) {
      calls.push_back(std::move(call));
    }
  }
  return calls;
}

template <typename Map>
void keepNewest(Map& map) {
  while (map.size() > kRemembered) {
    map.erase(map.begin());
  }
}

}  // namespace

/// Where the sections of one subtask go.
struct SnapshotStore::Target {
  bool on_job_manager = false;
  const std::atomic<bool>& unwanted;
  SectionFile file;
  std::uint64_t most_inline = 0;  // Of what is still to come.
};

/// A snapshot that waits or is being stored.
struct SnapshotStore::Taken {
  Snapshot snapshot;
  SteadyTime since;  // It is here.
  std::atomic<bool> unwanted{false};
};

SnapshotStore::SnapshotStore(const runtime::ExecutionId& execution,
                             runtime::CheckpointStorage storage,
                             fs::FileSystem& files,
                             Random& random,
                             const Clock& clock,
                             std::function<void(runtime::WorkerReport)> report,
                             AckBounds bounds)
    : execution_(execution),
      storage_(std::move(storage)),
      bounds_(bounds),
      files_(files),
      random_(random),
      clock_(clock),
      report_(std::move(report)),
      descriptions_(storage_.keeps_descriptions),
      uploads_(files, storage_.directory, execution_.attempt.value(), [this] { return unique(); }),
      ends_("snapshot-ends", 1),
      threads_("snapshots", kThreads),
      settles_("snapshot-settle", kThreads) {}

SnapshotStore::~SnapshotStore() { close(); }

void SnapshotStore::close() {
  closing_.store(true);
  std::vector<SharedTaken> unwanted;
  {
    const std::lock_guard lock(mutex_);
    unwanted.assign(waiting_.begin(), waiting_.end());
    waiting_.clear();
    for (const SharedTaken& taken : running_) {
      taken->unwanted.store(true);
    }
  }
  drop(std::move(unwanted));
  settles_.shutdown();
  threads_.shutdown();
  ends_.shutdown();
}

/// Every snapshot thread draws from the one source.
std::string SnapshotStore::unique() {
  const std::lock_guard lock(mutex_);
  return random_.hex(8);
}

std::string SnapshotStore::pathFor(const Snapshot& snapshot) {
  const std::string directory =
      snapshot::checkpointDirectory(storage_.directory, snapshot.order.checkpoint);
  std::string path = fs::join(
      directory,
      snapshot::taskFileName(
          snapshot.task.vertex, snapshot.task.subtask, execution_.attempt.value(), unique()));
  return path.starts_with('/') ? fs::toFileUri(path) : path;
}

void SnapshotStore::store(Snapshot snapshot) {
  auto taken = std::make_shared<Taken>();
  taken->snapshot = std::move(snapshot);
  taken->since = clock_.now();
  const auto enqueueOrDrop = [this, taken] {
    if (!enqueue(taken)) {
      drop({taken});
    }
  };
  const bool may_share = storage_.kind == runtime::CheckpointStorage::Kind::kFileSystem &&
                         !taken->snapshot.order.savepoint;
  const bool settled =
      may_share && beginSharing(taken->snapshot) && settles_.post([this, taken, enqueueOrDrop] {
        if (isWanted(taken->snapshot.order.checkpoint)) {
          settle(taken->snapshot);
        }
        enqueueOrDrop();
      });
  if (!settled) {  // Nothing is to be; or the store has been closed, and it is dropped.
    enqueueOrDrop();
  }
}

bool SnapshotStore::isWanted(CheckpointId checkpoint) {
  const std::lock_guard lock(mutex_);
  return !closing_.load() && !aborted_.contains(checkpoint);
}

/// False when nobody wants it.
bool SnapshotStore::enqueue(const SharedTaken& taken) {
  {
    const std::lock_guard lock(mutex_);
    if (closing_.load() || aborted_.contains(taken->snapshot.order.checkpoint)) {
      return false;
    }
    waiting_.push_back(taken);
    if (busy_ == kThreads) {
      return true;  // Whoever ends next looks.
    }
    ++busy_;
  }
  if (threads_.post([this] { storeWaiting(); })) {
    return true;
  }
  const std::lock_guard lock(mutex_);
  return std::erase(waiting_, taken) == 0;  // Else close() has not seen it.
}

void SnapshotStore::storeWaiting() {
  std::unique_lock lock(mutex_);
  while (!waiting_.empty()) {
    SharedTaken taken = std::move(waiting_.front());
    waiting_.pop_front();
    running_.insert(taken);
    lock.unlock();
    run(*taken);
    taken->snapshot.operators.clear();  // Values of users', so without the lock.
    lock.lock();
    running_.erase(taken);
  }
  --busy_;
}

void SnapshotStore::decline(CheckpointId checkpoint,
                            const runtime::TaskId& task,
                            const std::string& name,
                            const std::string& reason) {
  report_(
      runtime::CheckpointDecline{execution_,
                                 checkpoint,
                                 task,
                                 name + " (" + std::to_string(task.subtask + 1) + "): " + reason});
}

void SnapshotStore::run(Taken& taken) {
  const std::vector<std::function<void()>> on_abandoned = onAbandoned(taken.snapshot);
  if (!storeAndReport(taken, !on_abandoned.empty())) {
    abandon(on_abandoned);
    removeFiles(uploads_.aborted(taken.snapshot.order.checkpoint));
  }
}

/// Whether somebody else owns the snapshot now.
bool SnapshotStore::storeAndReport(Taken& taken, bool owners_discard) {
  Snapshot& snapshot = taken.snapshot;
  const CheckpointId checkpoint = snapshot.order.checkpoint;
  if (taken.unwanted.load()) {
    return false;
  }
  const std::uint32_t queued = millisSince(clock_, taken.since);
  const SteadyTime start = clock_.now();
  Target target{storage_.kind == runtime::CheckpointStorage::Kind::kJobManager,
                taken.unwanted,
                SectionFile(files_, pathFor(snapshot)),
                bounds_.most_inline};
  auto operators = write(taken, target);
  if (taken.unwanted.load()) {
    return false;  // The file was not committed.
  }
  if (operators && target.file.started()) {
    if (auto committed = target.file.commit(); !committed) {
      operators = std::move(committed).error();
    }
  }
  if (!operators) {
    decline(checkpoint, snapshot.task, snapshot.task_name, operators.error().text());
    return false;
  }
  crashPoint("snapshot.state");
  if (target.file.started()) {
    std::unique_lock lock(mutex_);
    if (taken.unwanted.load() && !closing_.load()) {
      lock.unlock();
      (void)files_.remove(target.file.path()).has_value();
      return false;
    }
    if (!owners_discard) {  // Else whoever discards the handles in the file removes it.
      committed_[checkpoint].push_back(target.file.path());
      keepNewest(committed_);
    }
  }
  runtime::CheckpointAck ack;
  ack.execution = execution_;
  ack.checkpoint = checkpoint;
  ack.task = snapshot.task;
  ack.finished = snapshot.finished;
  ack.operators = *std::move(operators);
  ack.alignment_millis = snapshot.alignment_millis;
  ack.flush_millis = snapshot.flush_millis;
  ack.freeze_millis = snapshot.freeze_millis;
  ack.queue_millis = queued;
  ack.last_channel = snapshot.last_channel;
  ack.unaligned = snapshot.unaligned;
  ack.in_flight_bytes = snapshot.in_flight_bytes;
  ack.write_millis = millisSince(clock_, start);
  descriptions_.shorten(ack);
  report_(std::move(ack));
  return true;
}

/// Frees what was frozen, and discards the handles in it, of which nobody was told.
void SnapshotStore::drop(std::vector<SharedTaken> unwanted) {
  if (unwanted.empty()) {
    return;
  }
  auto shared = std::make_shared<std::vector<SharedTaken>>(std::move(unwanted));  // For a copy.
  const auto free = [shared] {
    for (const SharedTaken& taken : std::exchange(*shared, {})) {
      const std::vector<std::function<void()>> calls = onAbandoned(taken->snapshot);
      taken->snapshot.operators.clear();
      abandon(calls);
    }
  };
  if (!ends_.post(free)) {
    free();  // It has ended, and so has everything else.
  }
}

void SnapshotStore::abandon(const std::vector<std::function<void()>>& calls) {
  for (const std::function<void()>& call : calls) {
    try {
      call();
    } catch (const std::exception& e) {
      std::fprintf(stderr, "weir: discardState() of an aborted snapshot: %s\n", e.what());
    } catch (...) {
      std::fprintf(stderr, "weir: discardState() of an aborted snapshot threw\n");
    }
  }
}

Result<std::vector<runtime::OperatorSnapshot>> SnapshotStore::write(Taken& taken, Target& target) {
  std::vector<runtime::OperatorSnapshot> written;
  std::uint64_t bytes = 0;
  for (FrozenOperator& frozen : taken.snapshot.operators) {
    if (taken.unwanted.load()) {
      break;
    }
    try {
      auto one = frozen.tables
                     ? writeShared(taken.snapshot, frozen, uploads_, target.file, target.unwanted)
                     : writeOperator(frozen, target);
      if (!one) {
        return std::move(one).error().during("store the state of operator '" + frozen.name + "'");
      }
      bytes += runtime::bytesOf(*one);
      if (bytes > bounds_.most) {
        return Error(ErrorCode::kResourceExhausted,
                     "with it the state of the task has more than the " +
                         std::to_string(bounds_.most) + " bytes that an acknowledgement may hold")
            .during("store the state of operator '" + frozen.name + "'")
            .advise("set state.backend: filesystem");
      }
      written.push_back(*std::move(one));
    } catch (const std::exception& e) {  // A serializer of the user's.
      return Error(ErrorCode::kUserCode, e.what())
          .during("serialize the state of operator '" + frozen.name + "'");
    }
    frozen.state.reset();  // Lets copies go that only this view needed.
  }
  return written;
}

Result<runtime::OperatorSnapshot> SnapshotStore::writeOperator(FrozenOperator& frozen,
                                                               Target& target) {
  SectionSink sink(target.on_job_manager ? storage_.max_state_size
                                         : std::min(storage_.inline_threshold, target.most_inline),
                   target.on_job_manager ? nullptr : &target.file,
                   target.unwanted);
  WEIR_TRY(runtime::OperatorSnapshot snapshot, writeSection(frozen, sink));
  if (sink.overflowed()) {
    return Error(ErrorCode::kResourceExhausted,
                 "it has " + std::to_string(snapshot.handle.size) + " bytes, more than the " +
                     std::to_string(storage_.max_state_size) + " that fit on the job manager")
        .advise("set state.backend: filesystem");
  }
  if (snapshot.states.empty()) {
    return snapshot;
  }
  if (sink.inFile()) {
    snapshot.handle.storage = runtime::SectionHandle::Storage::kFile;
    snapshot.handle.location = target.file.path();
    snapshot.handle.offset = sink.fileOffset();
  } else {
    snapshot.handle.storage = runtime::SectionHandle::Storage::kInline;
    snapshot.handle.bytes = sink.takeBytes();
    target.most_inline -= std::min<std::uint64_t>(target.most_inline, snapshot.handle.size);
  }
  return snapshot;
}

void SnapshotStore::removeFiles(std::vector<std::string> paths) {
  if (!paths.empty()) {
    (void)ends_
        .post([this, paths = std::move(paths)] {
          for (const std::string& path : paths) {
            (void)files_.remove(path).has_value();
          }
        })
        .has_value();
  }
}

void SnapshotStore::aborted(CheckpointId checkpoint) {
  descriptions_.aborted(checkpoint);
  std::vector<std::string> paths = uploads_.aborted(checkpoint);
  std::vector<SharedTaken> unwanted;
  {
    std::lock_guard lock(mutex_);
    aborted_.insert(checkpoint);
    keepNewest(aborted_);
    std::erase_if(waiting_, [&](const SharedTaken& taken) {
      const bool is_of_it = taken->snapshot.order.checkpoint == checkpoint;
      if (is_of_it) {
        unwanted.push_back(taken);
      }
      return is_of_it;
    });
    for (const SharedTaken& taken : running_) {
      if (taken->snapshot.order.checkpoint == checkpoint) {
        taken->unwanted.store(true);
      }
    }
    if (const auto found = committed_.find(checkpoint); found != committed_.end()) {
      paths.insert(paths.end(), found->second.begin(), found->second.end());
      committed_.erase(found);
    }
  }
  drop(std::move(unwanted));
  removeFiles(std::move(paths));
}

void SnapshotStore::completed(CheckpointId checkpoint) {
  descriptions_.completed(checkpoint);
  uploads_.completed(checkpoint);
  std::lock_guard lock(mutex_);
  committed_.erase(checkpoint);
}

}  // namespace weir::worker
