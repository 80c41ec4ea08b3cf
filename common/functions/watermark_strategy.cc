#include "common/functions/watermark_strategy.h"

#include <stdexcept>

namespace weir::functions {

void throwNoTimestamp(const std::string& who) {
  throw std::runtime_error(
      who +
      " needs the timestamp of a record, and one came without: call "
      "assignTimestampsAndWatermarks() with a timestamp assigner before it, or "
      "let the source give timestamps (collectWithTimestamp)");
}

}  // namespace weir::functions
