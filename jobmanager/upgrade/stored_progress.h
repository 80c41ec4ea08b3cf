#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "common/concurrency/executor.h"
#include "jobmanager/ha/leader_store.h"

namespace weir::jobmanager {

/// What the store of jobs knows of how far an upgrade has got. A write that the store does not take
/// is repeated, as it is by then, until it is taken.
///
/// Lives as long as its upgrade. Threads: the strand; callbacks come on it.
class StoredProgress {
 public:
  /// Both references outlive it.
  StoredProgress(OperationId upgrade, ha::LeaderStore& store, concurrency::Executor& strand)
      : upgrade_(upgrade), store_(store), strand_(strand) {}

  /// Stores it in place of what was written before. `done` is called once it is stored, unless it
  /// was replaced by then.
  void write(ha::UpgradeProgress progress, std::function<void()> done);
  /// Calls `then` once all that was written so far is stored, perhaps within the call.
  void whenStored(std::function<void()> then);
  /// Nobody waits for a write any more.
  void abandon();
  bool wroteNothing() const { return version_ == 0; }

 private:
  void put();
  void stored(std::uint64_t version);
  void letGo();

  const OperationId upgrade_;
  ha::LeaderStore& store_;  // Borrowed from the dispatcher, like the strand.
  concurrency::Executor& strand_;
  ha::UpgradeProgress progress_;  // The newest, of version_.
  std::function<void()> done_;    // Waits for that.
  std::uint64_t version_ = 0;
  std::uint64_t stored_ = 0;
  std::vector<std::pair<std::uint64_t, std::function<void()>>> waiting_;  // For a version.
  std::unique_ptr<concurrency::Executor::Timer> again_;                   // Of a refused write.
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);            // Watched by answers.
};

}  // namespace weir::jobmanager
