#pragma once

namespace weir {

/// Fetch the cache line of an address that is read or written soon; it may be any.
///
/// A function that does nothing but prefetch has no effect for the compiler, which leaves out calls
/// of it that it does not inline (GCC 12). An empty statement that it may not leave out is one.
inline void prefetchForRead(const void* at) {
  __builtin_prefetch(at);
  asm volatile("");
}
inline void prefetchForWrite(const void* at) {
  __builtin_prefetch(at, 1);
  asm volatile("");
}

}  // namespace weir
