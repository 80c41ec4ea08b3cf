#include "jobmanager/standby_start.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "common/telemetry/log.h"

namespace weir::jobmanager {
namespace {

constexpr std::chrono::milliseconds kFirstPause{200};
constexpr std::chrono::milliseconds kLongestPause{5000};

}  // namespace

StandbyStart::StandbyStart(Result<std::unique_ptr<Standby>> first, Start start)
    : start_(std::move(start)) {
  if (first) {
    standby_ = *std::move(first);
    return;
  }
  log::error("stands in line for the lead, and answers nobody yet; it tries again and again",
             {{"reason", first.error().text()}});
  thread_ = std::jthread([this](const std::stop_token& stop) { tryAgain(stop); });
}

void StandbyStart::tryAgain(const std::stop_token& stop) {
  for (std::chrono::milliseconds pause = kFirstPause; standby_ == nullptr;
       pause = std::min(2 * pause, kLongestPause)) {
    {
      std::unique_lock lock(mutex_);
      wake_.wait_for(lock, stop, pause, [] { return false; });
    }
    if (stop.stop_requested()) {
      return;
    }
    auto started = start_();
    if (started) {
      standby_ = *std::move(started);
      log::info("answers as standby");
    } else if (!mayPass(started.error())) {
      log::error("answers nobody until it leads", {{"reason", started.error().text()}});
      return;
    }
  }
}

std::unique_ptr<Standby> StandbyStart::take() {
  thread_.request_stop();
  if (thread_.joinable()) {
    thread_.join();
  }
  return std::move(standby_);
}

}  // namespace weir::jobmanager
