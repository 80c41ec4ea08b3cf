#pragma once

namespace weir::daemon {

/// Has large pieces of memory taken from the system one by one, so that each goes back to it when
/// it is freed. Otherwise the allocator begins to keep what has the size of something freed before.
/// Call it before the first thread starts.
void returnLargePieces();

/// Gives the memory of small pieces that were freed back to the system. Takes milliseconds for
/// hundreds of megabytes. Any thread.
void returnFreeMemory();

}  // namespace weir::daemon
