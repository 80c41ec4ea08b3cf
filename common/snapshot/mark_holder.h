#pragma once

#include <string>

/// Which process stands behind the mark that a savepoint is in use, so that one which was killed
/// holds no savepoint for ever.
namespace weir::snapshot {

/// This process: host, boot, process namespace, number and time of start, as one line.
std::string ownHolder();
/// "process 12 on host a", for people.
std::string describeHolder(const std::string& holder);
/// Whether it is known that the process lives no more: it ran on this machine, since its last boot.
bool isHolderGone(const std::string& holder);

}  // namespace weir::snapshot
