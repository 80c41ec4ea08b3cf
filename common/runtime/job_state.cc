#include "common/runtime/job_state.h"

namespace weir::runtime {

std::string_view toString(JobState state) {
  switch (state) {
    case JobState::kCreated:
      return "CREATED";
    case JobState::kRunning:
      return "RUNNING";
    case JobState::kFailing:
      return "FAILING";
    case JobState::kFailed:
      return "FAILED";
    case JobState::kCancelling:
      return "CANCELLING";
    case JobState::kCanceled:
      return "CANCELED";
    case JobState::kFinished:
      return "FINISHED";
    case JobState::kRestarting:
      return "RESTARTING";
  }
  return "UNKNOWN";
}

std::string_view toString(TaskState state) {
  switch (state) {
    case TaskState::kCreated:
      return "CREATED";
    case TaskState::kScheduled:
      return "SCHEDULED";
    case TaskState::kDeploying:
      return "DEPLOYING";
    case TaskState::kRunning:
      return "RUNNING";
    case TaskState::kFinished:
      return "FINISHED";
    case TaskState::kCanceling:
      return "CANCELING";
    case TaskState::kCanceled:
      return "CANCELED";
    case TaskState::kFailed:
      return "FAILED";
  }
  return "UNKNOWN";
}

std::string_view toString(StopMode mode) {
  switch (mode) {
    case StopMode::kNone:
      return "";
    case StopMode::kSuspend:
      return "suspend";
    case StopMode::kDrain:
      return "drain";
  }
  return "unknown";
}

}  // namespace weir::runtime
