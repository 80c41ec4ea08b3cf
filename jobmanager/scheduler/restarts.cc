#include "jobmanager/scheduler/restarts.h"

#include <algorithm>
#include <utility>

#include "common/base/text.h"
#include "common/telemetry/log.h"

namespace weir::jobmanager {

Restarts::Restarts(RestartStrategy strategy,
                   concurrency::Executor& strand,
                   const Clock& clock,
                   Random& random)
    : strategy_(std::move(strategy)), strand_(strand), clock_(clock), random_(random) {}

std::optional<std::string> Restarts::pause(const runtime::ExecutionId& execution,
                                           const std::string& reason,
                                           std::function<void()> restart) {
  const std::optional<Duration> pause = strategy_.onFailure(clock_.now(), random_);
  if (!pause) {
    return std::nullopt;
  }
  return pauseFor(*pause, execution, reason, std::move(restart));
}

std::string Restarts::pauseFor(Duration pause,
                               const runtime::ExecutionId& execution,
                               const std::string& reason,
                               std::function<void()> restart) {
  const auto millis = std::chrono::duration_cast<std::chrono::milliseconds>(pause).count();
  const std::uint64_t number = count_ + 1;
  log::warn("job restarts after a pause",
            {{"job", execution.job.hex()},
             {"attempt", execution.attempt.value()},
             {"restart", number},
             {"pause_ms", millis},
             {"strategy", strategy_.describe()},
             {"reason", cutText(reason, kMostLoggedBytes)}});
  pause_ends_ = clock_.now() + pause;
  pause_ = strand_.schedule(pause, [this, restart = std::move(restart)] {
    ++count_;
    restart();
  });
  return "restart " + std::to_string(number) + " in " + std::to_string(millis) + " ms: " + reason;
}

std::string Restarts::left() const {
  const Duration time = std::max(Duration::zero(), pause_ends_ - clock_.now());
  const auto millis = std::chrono::duration_cast<std::chrono::milliseconds>(time).count();
  const auto seconds = millis / 1000;
  if (seconds == 0) {
    return std::to_string(millis) + " ms";
  }
  if (seconds < 60) {
    return std::to_string(seconds) + "." + std::to_string(millis % 1000 / 100) + " s";
  }
  return std::to_string(seconds / 60) + " min " + std::to_string(seconds % 60) + " s";
}

}  // namespace weir::jobmanager
