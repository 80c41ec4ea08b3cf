#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>

#include "common/base/result.h"
#include "common/fs/file_system.h"
#include "common/runtime/checkpoint_metadata.h"
#include "jobmanager/checkpoint/completed_checkpoint_store.h"
#include "jobmanager/checkpoint/file_work.h"
#include "jobmanager/checkpoint/pending_checkpoint.h"
#include "jobmanager/checkpoint/stored_checkpoints.h"

namespace weir::jobmanager {

/// A snapshot that is durable.
struct WrittenCheckpoint {
  std::shared_ptr<PendingCheckpoint> pending;  // Shared with the work that writes it.
  CompletedCheckpoint completed;
  KeptSavepoint kept;
};

/// Makes snapshots that all tasks have acknowledged what their job recovers from.
///
/// The order is what recovery rests on: the metadata is durable, then the savepoint is kept where
/// its user wants it, then the pointer stands in the store of jobs; only then its owner hears of
/// it. Pointers are written one after the other, as each names all that are retained.
///
/// Lives as long as the job's coordinator. Threads: the strand.
class CheckpointWriter {
 public:
  struct Setup {
    std::string directory;  ///< Of the job's checkpoints; empty when state is on the job manager.
    std::uint64_t metadata_limit = 256 << 20;  ///< Of the metadata file that is written.
    std::string holder = {};  ///< This process, for the mark that the job lives; see mark_holder.h.
  };
  struct Outcome {
    /// `pointed` is an error only for a savepoint: it is its user's, also when it could not become
    /// what its job recovers from.
    std::function<void(WrittenCheckpoint& written, bool pointed)> stored;
    std::function<void(PendingCheckpoint& pending, const Error& why)> failed;
  };

  /// `files` is the queue of the job's checkpoints. The references outlive this.
  CheckpointWriter(fs::FileSystem& file_system,
                   FileWork& files,
                   StoredCheckpoints& stored,
                   Setup setup,
                   Outcome outcome);

  /// One of the two functions of Outcome answers, perhaps within the call. Until then the queue
  /// counts as busy.
  void write(std::shared_ptr<PendingCheckpoint> pending, runtime::CheckpointMetadata metadata);
  /// Whether savepoints are among what is being written.
  bool hasSavepoints() const { return savepoints_ > 0; }

 private:
  void keepSavepoint(std::shared_ptr<PendingCheckpoint> pending,
                     runtime::CheckpointMetadata metadata);
  void enqueue(WrittenCheckpoint written);
  void pointed(const Status& answer);
  void stored(WrittenCheckpoint& written, bool pointed);
  void failed(PendingCheckpoint& pending, const Error& why);

  fs::FileSystem& file_system_;  // Borrowed from the dispatcher's owner.
  FileWork& files_;              // Borrowed from the coordinator, like the next.
  StoredCheckpoints& pointers_;
  const Setup setup_;
  const Outcome outcome_;
  bool marked_ = false;                    // The mark that the job lives stands in its directory.
  std::size_t savepoints_ = 0;             // Being written.
  std::deque<WrittenCheckpoint> written_;  // Their pointers are on the way, in this order.
};

}  // namespace weir::jobmanager
