#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/base/ids.h"
#include "common/base/result.h"
#include "common/base/unique_fd.h"

namespace weir::ha {

/// A file of the journal, `journal-<epoch>-<number>`: the greatest is the one that counts.
struct JournalName {
  LeaderEpoch epoch;
  std::uint64_t number = 0;
  auto operator<=>(const JournalName&) const = default;
  std::string text() const;
};

/// The directory of a journal: who leads, and which files there are.
///
/// Its one file `leader-<epoch>` is locked by the process that leads, and renamed when another one
/// takes over: that is how the epoch is raised, and how a leader that lost its lock without knowing
/// (on a file server, for instance) finds that it leads no more.
///
/// Belongs to one thread at a time. Errors name the path.
class JournalDirectory {
 public:
  /// Makes the directory, for its user alone, where there is none. kFailedPrecondition when it
  /// holds what no journal has: it is somebody else's.
  static Result<JournalDirectory> open(const std::string& path);

  const std::string& path() const { return path_; }

  /// Locks `leader-<epoch>`, made when there is none, and writes into it who `holder` is: one line.
  /// False when another process has the lock.
  Result<bool> tryLock(std::string_view holder);
  bool locked() const { return static_cast<bool>(leader_); }
  /// Who has the lock, as it says of itself, and since when: "NAME, since 2026-01-31 12:00:00 UTC".
  /// Empty when it does not say.
  std::string holder() const;

  /// The lock's epoch; zero where nobody has ever led.
  LeaderEpoch epoch() const { return epoch_; }
  /// Makes us the leader of the next epoch, also after that of the newest file, durably; kFenced
  /// when the lock was lost.
  Status raiseEpoch(LeaderEpoch newest);
  /// Whether no other process took over since, nor anybody deleted the file that says so.
  bool leads() const;

  /// The greatest first.
  Result<std::vector<JournalName>> journals() const;
  std::string pathOf(const JournalName& name) const;
  /// A name for a file that is written and then renamed to that of `name`.
  std::string temporaryOf(const JournalName& name) const;
  /// Makes entries durable.
  Status sync() const;
  /// Deletes what is smaller than `name`, and temporary files that a crash left.
  Status removeOlder(const JournalName& name) const;

 private:
  explicit JournalDirectory(std::string path) : path_(std::move(path)) {}
  Result<std::vector<std::string>> names() const;
  std::string leaderPath(LeaderEpoch epoch) const;
  Result<std::optional<LeaderEpoch>> findLeader() const;
  Status makeLeader() const;

  std::string path_;
  UniqueFd leader_;  // Locked, once tryLock() answered true.
  LeaderEpoch epoch_;
};

}  // namespace weir::ha
