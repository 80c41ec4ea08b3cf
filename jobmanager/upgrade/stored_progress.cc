#include "jobmanager/upgrade/stored_progress.h"

#include <algorithm>
#include <iterator>

#include "common/base/crash_point.h"
#include "common/telemetry/log.h"

namespace weir::jobmanager {

using ha::UpgradeStep;

namespace {

constexpr Duration kWriteAgain = std::chrono::seconds(1);

void crashAfter(UpgradeStep step) {
  switch (step) {
    case UpgradeStep::kBegun:
      break;
    case UpgradeStep::kStopped:
      crashPoint("upgrade.stopped");
      break;
    case UpgradeStep::kStart:
      crashPoint("upgrade.start");
      break;
    case UpgradeStep::kAccepted:
      crashPoint("upgrade.accepted");
      break;
    case UpgradeStep::kRunning:
      crashPoint("upgrade.running");
      break;
    case UpgradeStep::kFailed:
      crashPoint("upgrade.failed");
      break;
    case UpgradeStep::kBack:
      crashPoint("upgrade.back");
      break;
    case UpgradeStep::kAnswered:
      crashPoint("upgrade.answered");
      break;
  }
}

}  // namespace

void StoredProgress::write(ha::UpgradeProgress progress, std::function<void()> done) {
  progress_ = std::move(progress);
  done_ = std::move(done);
  ++version_;
  put();
}

void StoredProgress::put() {
  const auto answered =
      [this, alive = std::weak_ptr<bool>(alive_), version = version_](const Status& put_one) {
        if (alive.expired()) {
          return;
        }
        if (put_one) {
          stored(version);
        } else if (version == version_) {  // Else a newer one is on its way.
          log::warn("the store of jobs did not take a step of an upgrade; this is tried again",
                    {{"reason", put_one.error().text()}});
          again_ = strand_.schedule(kWriteAgain, [this] { put(); });
        }
      };
  store_.write(ha::PutUpgradeProgress{upgrade_, progress_}, answered);
}

void StoredProgress::stored(std::uint64_t version) {
  stored_ = std::max(stored_, version);
  if (version != version_) {
    letGo();
    return;
  }
  crashAfter(progress_.step);
  letGo();
  if (const auto done = std::exchange(done_, nullptr)) {
    done();
  }
}

void StoredProgress::whenStored(std::function<void()> then) {
  waiting_.emplace_back(version_, std::move(then));
  letGo();
}

void StoredProgress::abandon() {
  done_ = nullptr;
  stored_ = version_;
  letGo();
}

void StoredProgress::letGo() {
  const auto later = std::ranges::find_if(
      waiting_, [this](const auto& one) { return one.first > stored_; });  // They come in order.
  const std::vector<std::pair<std::uint64_t, std::function<void()>>> gone(
      std::make_move_iterator(waiting_.begin()), std::make_move_iterator(later));
  waiting_.erase(waiting_.begin(), later);
  for (const auto& [version, then] : gone) {
    then();
  }
}

}  // namespace weir::jobmanager
