#pragma once

#include <algorithm>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "common/base/ids.h"
#include "jobmanager/checkpoint/checkpointed_tasks.h"
#include "jobmanager/checkpoint/completed_checkpoint_store.h"
#include "jobmanager/ha/checkpoint_pointer.h"

namespace weir::jobmanager {

/// What the store of jobs knows of one job's checkpoints: which it recovers from, which savepoints
/// hold, which are being removed, which savepoints were begun, and which ids may have been used.
///
/// Writes one state after the other. Gives out ids that no other leader of the job gives out: only
/// those below the one that is stored. Lives as long as the job's coordinator. Threads: the strand.
class StoredCheckpoints {
 public:
  /// The references outlive it.
  StoredCheckpoints(const CompletedCheckpointStore& store, CheckpointedTasks& tasks)
      : store_(store), tasks_(tasks) {}

  /// Ids go on behind this one.
  void continueAfter(CheckpointId id) { next_ = std::max(next_, id.next()); }
  /// The job was taken up again: an earlier leader has stored this.
  void resume(CheckpointId next, std::optional<ha::StoppedJob> stopped = {});
  /// None when write() has to store first where they go on.
  std::optional<CheckpointId> takeId();
  /// May be used once a write that is given after this is answered with ok.
  CheckpointId reserveId() { return std::exchange(next_, next_.next()); }

  /// Stored with every write, until it is complete and its client was answered, or until drop().
  void begin(ha::BegunSavepoint savepoint);
  /// It never began, or nothing of it is left.
  void drop(CheckpointId savepoint) { begun_.erase(savepoint); }

  /// A snapshot that is to be known as well; stays where it is until it is stored.
  struct News {
    const CompletedCheckpoint* checkpoint = nullptr;
    bool pinned = false;
    std::optional<ha::StoppedJob> stopped = {};           // The job stops with it.
    std::optional<runtime::SavepointResult> result = {};  // Of a savepoint.
  };
  /// Stores what the job has now, with `news`, and where ids go on. Answers once, perhaps within
  /// the call; what is given later is stored after the answer. A savepoint among the news is to be
  /// answered within `done`.
  void write(std::optional<News> news, Callback<std::monostate> done);

  /// It fell out, and its files are to go: stored with every write until discarded() is called.
  void discarding(CheckpointId id) { discards_.insert(id); }
  void discarded(CheckpointId id) { discards_.erase(id); }
  /// A savepoint on this leader's heap holds it: it is needed no more when that has ended.
  void heldOnHeap(CheckpointId id) { held_.insert(id); }
  void released(CheckpointId id) { held_.erase(id); }
  /// The job's mark stands, or is about to, beside the savepoint in this directory: stored with
  /// every write until unmarked() is called.
  void marked(CheckpointId id, const std::string& path) { marks_.insert_or_assign(id, path); }
  void unmarked(CheckpointId id) { marks_.erase(id); }
  /// The job has come to `result`: from this write on nothing is retained but the latest if
  /// `keep_latest`.
  void end(runtime::JobResult result, bool keep_latest, Callback<std::monostate> done);

 private:
  struct Write {
    std::optional<News> news;
    Callback<std::monostate> done;
  };

  void begin();
  void answered(CheckpointId next, const Status& answer);
  ha::JobCheckpoints stateWith(const std::optional<News>& news) const;
  void retainAtTheEnd(ha::JobCheckpoints& state) const;
  void addDiscards(ha::JobCheckpoints& state, const std::optional<News>& news) const;
  void addBegun(ha::JobCheckpoints& state, const std::optional<News>& news) const;

  const CompletedCheckpointStore& store_;  // Borrowed from the coordinator.
  CheckpointedTasks& tasks_;               // Borrowed: the job.
  CheckpointId next_{1};
  CheckpointId stored_ = ha::JobCheckpoints().next;  // Ids from here on wait for a write.
  std::set<CheckpointId> discards_;                  // Being removed.
  std::set<CheckpointId> held_;                      // By savepoints on the heap.
  std::map<CheckpointId, ha::BegunSavepoint> begun_;
  std::map<CheckpointId, std::string> marks_;                   // Paths.
  std::optional<ha::StoppedJob> stopped_;                       // Once it is stored.
  std::optional<runtime::JobResult> result_;                    // Once the job has ended.
  bool keep_latest_ = false;                                    // Then.
  std::deque<Write> writes_;                                    // The first one is on its way.
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // Watched by answers.
};

}  // namespace weir::jobmanager
