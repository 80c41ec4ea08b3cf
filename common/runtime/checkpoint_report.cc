#include "common/runtime/checkpoint_report.h"

namespace weir::runtime {

std::string_view toString(CheckpointStatus status) {
  switch (status) {
    case CheckpointStatus::kInProgress:
      return "IN_PROGRESS";
    case CheckpointStatus::kCompleted:
      return "COMPLETED";
    case CheckpointStatus::kFailed:
      return "FAILED";
  }
  return "";
}

}  // namespace weir::runtime
