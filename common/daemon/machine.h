#pragma once

#include <string>

/// How processes tell machines apart. Any thread.
namespace weir::daemon {

std::string hostName();
/// Equal for processes that share a machine: host name and boot id.
std::string machineId();

}  // namespace weir::daemon
