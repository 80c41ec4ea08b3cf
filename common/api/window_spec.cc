#include "common/api/window_spec.h"

namespace weir::api {

bool goesByEventTime(Program& program) {
  return program.time().characteristic != TimeCharacteristic::kProcessingTime;
}

}  // namespace weir::api
