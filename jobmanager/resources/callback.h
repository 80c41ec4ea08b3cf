#pragma once

#include <functional>

#include "common/base/result.h"

namespace weir::jobmanager {

/// Where an asynchronous call answers, exactly once, on the dispatcher's strand.
template <typename T>
using Callback = std::function<void(Result<T>)>;

}  // namespace weir::jobmanager
