#pragma once

#include <stdexcept>
#include <utility>

#include "common/base/result.h"
#include "common/functions/checkpointed.h"

namespace weir::connector {

/// Connectors are user functions: what they cannot do fails their task with an exception, and the
/// job where the program is wrong.
[[noreturn]] inline void raise(const Error& error) {
  if (error.code() == ErrorCode::kInvalidArgument) {
    throw UnrecoverableError(error.text());
  }
  throw std::runtime_error(error.text());
}

/// The value, or raise().
template <typename T>
T orRaise(Result<T> result) {
  if (!result.has_value()) {
    raise(result.error());
  }
  return *std::move(result);
}

}  // namespace weir::connector
