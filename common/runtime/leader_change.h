#pragma once

#include <optional>
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

inline constexpr std::string_view kAskTheLeader = "ask the job manager that leads, at ";

/// How a job manager that does not lead says who does: `leader` is "host:port".
inline Error leaderElsewhere(std::string_view leader) {
  return Error(ErrorCode::kUnavailable, "this job manager waits as standby, and another one leads")
      .advise(std::string(kAskTheLeader) + std::string(leader));
}

/// "host:port", where the error says who leads; as that job manager said it, unchecked.
inline std::optional<std::string> leaderNamedBy(const Error& error) {
  const std::string_view advice = error.advice();
  if (error.code() != ErrorCode::kUnavailable || !advice.starts_with(kAskTheLeader)) {
    return std::nullopt;
  }
  return std::string(advice.substr(kAskTheLeader.size()));
}

}  // namespace weir::runtime
