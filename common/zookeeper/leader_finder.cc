#include "common/zookeeper/leader_finder.h"

#include <string>
#include <utility>

#include "common/zookeeper/zookeeper_library.h"

namespace weir::zookeeper {

LeaderFinder::~LeaderFinder() { executor_.shutdown(); }

Result<LeaderAddress> LeaderFinder::find(Duration patience) {
  WEIR_RETURN_IF_ERROR([]() -> Status {
    WEIR_TRY([[maybe_unused]] const auto* library, ZooKeeperLibrary::load());
    return ok();
  }());
  std::unique_lock lock(mutex_);
  if (watch_ == nullptr) {
    watch_ = std::make_unique<LeaderWatch>(
        settings_, executor_, [this](std::optional<LeaderAddress> leader) {
          {
            const std::lock_guard told(mutex_);
            leader_ = std::move(leader);
          }
          changed_.notify_all();
        });
  }
  if (changed_.wait_for(lock, patience, [this] { return leader_.has_value(); })) {
    return *leader_;
  }
  const auto trouble = watch_->trouble();
  const auto seconds = std::chrono::duration<double>(patience).count();
  const std::string waited =
      "no leader was found in " + std::to_string(seconds).substr(0, 4) + " s";
  return trouble ? trouble->during(waited) : Error(ErrorCode::kUnavailable, waited);
}

Result<LeaderAddress> findLeader(const Settings& settings, Duration patience) {
  return LeaderFinder(settings).find(patience);
}

}  // namespace weir::zookeeper
