#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <variant>

#include "common/base/ids.h"
#include "common/runtime/client_messages.h"

namespace weir::runtime {

/// What an upgrade does now. In this order, but for some that are left out: an upgrade whose new
/// program takes over never goes back. Append only: the numbers go on the wire.
enum class UpgradeStage : std::uint8_t {
  kStops = 0,      ///< The job that runs is being stopped with a savepoint.
  kCommits = 1,    ///< The savepoint is complete, and the job commits what that holds.
  kStarts = 2,     ///< The job has stopped, and the new program is being submitted.
  kAccepted = 3,   ///< It was, and its tasks are being started.
  kRuns = 4,       ///< All its tasks run, and its first checkpoint is waited for.
  kGoesBack = 5,   ///< It does not take over, and is being ended.
  kStartsOld = 6,  ///< It has ended, and the old program is being submitted.
};
inline constexpr std::uint32_t kUpgradeStages = 7;

/// Told to whoever waits for an upgrade, whenever it comes to another stage.
struct UpgradeNotice {
  UpgradeStage stage = UpgradeStage::kStops;
  JobId job;              ///< Up to kCommits the one that runs, up to kGoesBack the next one, then
                          ///< that of the old program.
  std::string job_name;   ///< Of `job`.
  std::string savepoint;  ///< From kCommits on.
  std::string failure;    ///< From kGoesBack on: why.
};
using UpgradeEvent = std::variant<UpgradeNotice, UpgradeReply>;
using UpgradeNoticeSink = std::function<void(const UpgradeNotice&)>;

}  // namespace weir::runtime
