#pragma once

#include <exception>
#include <string>

namespace weir::worker {

/// "std::runtime_error: no such file": demangled type and message of what user code threw; the
/// type alone where there is no message.
std::string describeException(const std::exception_ptr& thrown);

}  // namespace weir::worker
