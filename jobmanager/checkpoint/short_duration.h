#pragma once

#include <cstdint>
#include <string>

namespace weir::jobmanager {

/// "800 ms", "4.1 s", "41 s", "12 min".
std::string shortDuration(std::int64_t millis);

}  // namespace weir::jobmanager
