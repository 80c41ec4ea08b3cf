#pragma once

#include <string>

/// Which process stands behind the mark that a savepoint is in use, so that one which was killed
/// holds no savepoint for ever.
namespace weir::snapshot {

/// This process: host, boot, process namespace, number and time of start, as one line. `jobs_go_on`
/// without it, until another one takes them up, so that its end tells nothing about them.
std::string ownHolder(bool jobs_go_on = false);
/// "process 12 on host a", for people.
std::string describeHolder(const std::string& holder);
/// Whether it is known that the process, and what it held for, lives no more: it ran on this
/// machine, since its last boot.
bool isHolderGone(const std::string& holder);

}  // namespace weir::snapshot
