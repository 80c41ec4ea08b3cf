#include "jobmanager/checkpoint/short_duration.h"

namespace weir::jobmanager {

std::string shortDuration(std::int64_t millis) {
  if (millis < 1000) {
    return std::to_string(millis) + " ms";
  }
  if (millis < 10'000) {
    return std::to_string(millis / 1000) + "." + std::to_string(millis % 1000 / 100) + " s";
  }
  return millis < 120'000 ? std::to_string(millis / 1000) + " s"
                          : std::to_string(millis / 60'000) + " min";
}

}  // namespace weir::jobmanager
