#include "common/daemon/memory.h"

#include <malloc.h>

namespace weir::daemon {

void returnLargePieces() {
  constexpr int kLargeBytes = 128 << 10;
  ::mallopt(M_MMAP_THRESHOLD, kLargeBytes);  // Said once, it stays: it does not adapt any more.
}

void returnFreeMemory() { ::malloc_trim(0); }

}  // namespace weir::daemon
