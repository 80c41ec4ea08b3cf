#include "jobmanager/scheduler/restart_strategy.h"

#include <algorithm>

namespace weir::jobmanager {
namespace {

using Kind = config::RestartSettings::Kind;

config::RestartSettings resolve(const graph::RestartStrategy& job,
                                const config::RestartSettings& configured,
                                bool checkpoints) {
  config::RestartSettings settings = configured;
  switch (job.kind) {
    case graph::RestartStrategy::Kind::kDefault:
      if (settings.kind == Kind::kUnset && settings.initial_backoff == Duration{}) {
        settings.initial_backoff = job.initial_backoff;
        settings.max_backoff = job.max_backoff;
        settings.multiplier = job.multiplier;
        settings.reset_threshold = job.reset_after;
      }
      if (settings.kind == Kind::kUnset) {
        settings.kind = checkpoints ? Kind::kExponentialDelay : Kind::kNone;
      }
      break;
    case graph::RestartStrategy::Kind::kNone:
      settings.kind = Kind::kNone;
      break;
    case graph::RestartStrategy::Kind::kFixedDelay:
      settings.kind = Kind::kFixedDelay;
      settings.attempts = job.attempts;
      settings.delay = job.delay;
      break;
    case graph::RestartStrategy::Kind::kFailureRate:
      settings.kind = Kind::kFailureRate;
      settings.max_failures = job.max_failures;
      settings.interval = job.interval;
      settings.delay = job.delay;
      break;
    case graph::RestartStrategy::Kind::kExponentialDelay:
      settings.kind = Kind::kExponentialDelay;
      settings.initial_backoff = job.initial_backoff;
      settings.max_backoff = job.max_backoff;
      settings.multiplier = job.multiplier;
      settings.reset_threshold = job.reset_after;
      break;
  }
  return settings;
}

std::string millis(Duration duration) {
  return std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(duration).count()) +
         " ms";
}

}  // namespace

RestartStrategy::RestartStrategy(const graph::RestartStrategy& job,
                                 const config::RestartSettings& configured,
                                 bool checkpoints)
    : settings_(resolve(job, configured, checkpoints)),
      default_(job.kind == graph::RestartStrategy::Kind::kDefault &&
               configured.kind == Kind::kUnset) {}

std::optional<Duration> RestartStrategy::onFailure(SteadyTime now, Random& random) {
  switch (settings_.kind) {
    case Kind::kUnset:
    case Kind::kNone:
      return std::nullopt;
    case Kind::kFixedDelay:
      if (restarts_ >= settings_.attempts) {
        return std::nullopt;
      }
      ++restarts_;
      return settings_.delay;
    case Kind::kFailureRate:
      failures_.push_back(now);
      while (!failures_.empty() && now - failures_.front() > settings_.interval) {
        failures_.pop_front();
      }
      if (static_cast<std::int64_t>(failures_.size()) > settings_.max_failures) {
        return std::nullopt;
      }
      return settings_.delay;
    case Kind::kExponentialDelay:
      return exponential(now, random);
  }
  return std::nullopt;
}

std::optional<Duration> RestartStrategy::exponential(SteadyTime now, Random& random) {
  const bool fresh = backoff_ == Duration{} || now - last_failure_ > settings_.reset_threshold;
  const double grown = static_cast<double>(backoff_.count()) * settings_.multiplier;
  const double most = static_cast<double>(settings_.max_backoff.count());
  backoff_ = fresh ? std::min(settings_.initial_backoff, settings_.max_backoff)
                   : Duration(static_cast<std::int64_t>(std::min(grown, most)));
  last_failure_ = now;
  const double part = static_cast<double>(random.below(2001)) / 1000.0 - 1.0;  // -1 to 1.
  const double jitter = static_cast<double>(backoff_.count()) * settings_.jitter * part;
  return backoff_ + Duration(static_cast<std::int64_t>(jitter));
}

std::string RestartStrategy::describe() const {
  switch (settings_.kind) {
    case Kind::kUnset:
    case Kind::kNone:
      return "no restart";
    case Kind::kFixedDelay:
      return "fixed delay (" + std::to_string(settings_.attempts) + " restarts, " +
             millis(settings_.delay) + ")";
    case Kind::kFailureRate:
      return "failure rate (" + std::to_string(settings_.max_failures) + " failures in " +
             millis(settings_.interval) + ", " + millis(settings_.delay) + ")";
    case Kind::kExponentialDelay:
      return "exponential delay (" + millis(settings_.initial_backoff) + " to " +
             millis(settings_.max_backoff) + ")";
  }
  return {};
}

}  // namespace weir::jobmanager
