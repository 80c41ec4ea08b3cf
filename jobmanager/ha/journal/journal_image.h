#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/ids.h"
#include "jobmanager/ha/job_store.h"
#include "jobmanager/ha/journal/change_format.h"

namespace weir::ha {

/// Which record one is, of those that are kept.
struct RecordKey {
  enum class Kind : std::uint8_t {
    kJob,
    kCheckpoints,
    kAttempt,
    kCancel,
    kSavepoint,
    kUpgrade,
    kUpgradeProgress,
    kDisposal,
  };
  Kind kind = Kind::kJob;
  JobId job{};              ///< Of the first four kinds.
  OperationId operation{};  ///< Of the others.
  bool operator==(const RecordKey&) const = default;
};

/// What all changes so far come to, as the records that a new file of the journal begins with.
/// A plain value.
class JournalImage {
 public:
  /// The answers of so many savepoints are remembered.
  static constexpr std::size_t kSavepoints = 1000;

  /// `record` is `change` as it was encoded.
  void apply(const Change& change, std::string record);

  /// Something is still in the file that is to be forgotten: of a job that has ended, or of an
  /// upgrade or a disposal that was answered.
  bool hasEnded() const { return ended_; }
  /// Lets go of it here. The answer of an upgrade or a disposal stays for one time more, as a job
  /// manager that takes over forgets at once, and who asked may ask that one.
  void forgetEnded();

  /// In an order in which they can be applied.
  std::vector<std::string_view> records() const;
  /// Which they are, in the same order; without reading them.
  std::vector<RecordKey> keys() const;
  std::size_t size() const;
  std::uint64_t bytes() const;
  /// What the records say. kInvalidArgument for one that was not applied here.
  Result<Term> term(LeaderEpoch epoch) const;

 private:
  struct Job {
    std::string put;
    std::string checkpoints;  // Empty before the first.
    std::string attempt;      // Likewise.
    std::string cancel;       // Empty unless it is cancelled.
  };
  struct Answer {
    OperationId operation;
    JobId job;
    std::string record;
  };
  struct Upgrade {
    OperationId operation;
    std::string put;       // Empty once it is answered.
    std::string progress;  // Empty before the first.
    bool answered = false;
    bool stayed = false;  // Since it was answered, something was forgotten.
  };

  struct Disposal {
    OperationId operation;
    std::string record;
    bool answered = false;
    bool stayed = false;  // As that of an upgrade.
  };

  void apply(const PutUpgradeProgress& put, std::string record);
  void apply(const StoredDisposal& disposal, std::string record);

  std::map<JobId, Job> jobs_;
  std::deque<Answer> answers_;    // Oldest first.
  std::deque<Upgrade> upgrades_;  // Likewise.
  std::deque<Disposal> disposals_;
  bool ended_ = false;
};

}  // namespace weir::ha
