#pragma once

#include <string>
#include <string_view>

#include "common/base/error.h"

/// How a job manager says that another one goes on with its jobs. A client that hears of it asks
/// again, under the same id, and gets its answer from the next one.
namespace weir::runtime {

inline constexpr std::string_view kAskTheNext =
    "ask the next job manager, which takes the jobs up again";

inline Error leaderChange(const std::string& why) {
  return Error(ErrorCode::kUnavailable, why).advise(std::string(kAskTheNext));
}

inline bool isLeaderChange(const Error& error) {
  return error.code() == ErrorCode::kUnavailable && error.advice() == kAskTheNext;
}

}  // namespace weir::runtime
