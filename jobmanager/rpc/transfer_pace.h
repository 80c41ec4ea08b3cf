#pragma once

#include <optional>
#include <string>

#include "common/base/clock.h"
#include "common/base/error.h"
#include "jobmanager/rpc/blob_transfer.h"

namespace weir::jobmanager {

/// Whether one transfer moves fast enough. Threads: its owner's.
class TransferPace {
 public:
  /// `what` is "upload" or "download".
  TransferPace(std::string what, const TransferLimits& limits, SteadyTime now)
      : what_(std::move(what)), limits_(limits), started_(now), last_(now) {}

  void moved(std::uint64_t bytes, SteadyTime now) {
    if (bytes > 0) {
      bytes_ += bytes;
      last_ = now;
    }
  }

  /// Why it is to be ended; nothing as long as it may go on.
  std::optional<Error> complaint(SteadyTime now) const {
    if (now - last_ > limits_.idle) {
      return Error(ErrorCode::kDeadlineExceeded,
                   "the " + what_ + " of a file stood still for " + seconds(now - last_))
          .advise("send it again, or raise blob.transfer.idle-timeout");
    }
    const Duration counted = now - started_ - limits_.idle;
    const double due =
        static_cast<double>(limits_.least_rate) * std::chrono::duration<double>(counted).count();
    if (static_cast<double>(bytes_) >= due) {
      return std::nullopt;
    }
    return Error(ErrorCode::kDeadlineExceeded,
                 "the " + what_ + " of a file moved only " + std::to_string(bytes_) + " bytes in " +
                     seconds(now - started_))
        .advise("find out what slows it, or lower blob.transfer.min-rate");
  }

 private:
  static std::string seconds(Duration duration) {
    const auto millis = std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
    return millis < 1000 ? std::to_string(millis) + " ms" : std::to_string(millis / 1000) + " s";
  }

  const std::string what_;
  const TransferLimits limits_;
  const SteadyTime started_;
  SteadyTime last_;
  std::uint64_t bytes_ = 0;
};

}  // namespace weir::jobmanager
