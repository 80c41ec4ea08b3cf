#pragma once

#include <string>
#include <utility>

#include "common/base/error.h"

namespace weir::config {

/// What is wrong with line `line` of the configuration file `name`.
inline Error wrongLine(const std::string& name, int line, std::string what) {
  return {ErrorCode::kInvalidArgument, name + ":" + std::to_string(line) + ": " + std::move(what)};
}

}  // namespace weir::config
