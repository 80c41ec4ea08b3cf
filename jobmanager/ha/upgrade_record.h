#pragma once

#include <cstdint>
#include <optional>

#include "common/base/ids.h"
#include "common/base/result.h"
#include "common/runtime/client_messages.h"

namespace weir::ha {

/// How far an upgrade has got. Whoever takes it up does what follows the step that is stored, also
/// where some of that was done. Append only: the numbers are stored.
enum class UpgradeStep : std::uint8_t {
  kBegun = 0,     ///< The job runs, and is to stop with a savepoint.
  kStopped = 1,   ///< It has, and commits what that holds until it has finished.
  kStart = 2,     ///< It has finished: the next one is to be submitted.
  kAccepted = 3,  ///< The next one was, its savepoint matched.
  kRunning = 4,   ///< All its tasks ran; it has not completed a checkpoint.
  kFailed = 5,    ///< It is to end: the old program goes on.
  kBack = 6,      ///< It has ended: the old program is to be submitted.
  kAnswered = 7,  ///< Who asked is answered.
};
inline constexpr std::uint32_t kUpgradeSteps = 8;

/// What changes of an upgrade.
struct UpgradeProgress {
  UpgradeStep step = UpgradeStep::kBegun;
  std::int64_t stopping_millis = 0;  ///< When the sources of the job were told to stop.
  std::int64_t running_millis = 0;   ///< When all tasks of the one that runs now ran first.
  runtime::UpgradeReply reply;       ///< What is known of it so far.
  /// Instead of the reply: no program took over from the job.
  std::optional<Error> failure;
};

/// An upgrade as it was asked for.
struct StoredUpgrade {
  runtime::UpgradeRequest request;
  runtime::SubmitRequest back;  ///< The old program as a job of its own, without a restore.
  std::int64_t begun_millis = 0;
  UpgradeProgress progress;
};

/// The answer of an upgrade that has got to kAnswered.
inline Result<runtime::UpgradeReply> answerOf(const UpgradeProgress& progress) {
  if (progress.failure) {
    return *progress.failure;
  }
  return progress.reply;
}

}  // namespace weir::ha
