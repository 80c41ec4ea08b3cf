#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/ids.h"
#include "jobmanager/ha/journal/change.h"

namespace weir::ha {

/// What all changes so far come to, as the records that a new file of the journal begins with.
/// A plain value.
class JournalImage {
 public:
  /// The answers of so many savepoints are remembered.
  static constexpr std::size_t kSavepoints = 1000;

  /// `record` is `change` as it was encoded.
  void apply(const Change& change, std::string record);

  /// Something is still in the file that is to be forgotten: of a job that has ended.
  bool hasEnded() const { return ended_; }
  /// Lets go of it here.
  void forgetEnded();

  /// In an order in which they can be applied.
  std::vector<std::string_view> records() const;
  std::uint64_t bytes() const;
  /// What the records say. kInvalidArgument for one that was not applied here.
  Result<Term> term(LeaderEpoch epoch) const;

 private:
  struct Job {
    std::string put;
    std::string checkpoints;  // Empty before the first.
  };
  struct Answer {
    OperationId operation;
    JobId job;
    std::string record;
  };

  std::map<JobId, Job> jobs_;
  std::deque<Answer> answers_;  // Oldest first.
  bool ended_ = false;
};

}  // namespace weir::ha
