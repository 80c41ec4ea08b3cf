#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

#include "common/state/segment_memory.h"

namespace weir::state {

/// A key's dense number in one backend; every state of the operator is an array indexed by it.
using Slot = std::uint32_t;
inline constexpr Slot kNoSlot = ~Slot{0};

/// A run of cells with their presence. Seen by a column and its frozen views; the column writes
/// only to what no view sees.
template <typename V>
struct Segment {
  static constexpr unsigned kShift = std::is_trivially_copyable_v<V> && sizeof(V) <= 64 ? 10 : 6;
  static constexpr Slot kCells = Slot{1} << kShift;
  static constexpr bool kOverAligned = alignof(V) > __STDCPP_DEFAULT_NEW_ALIGNMENT__;

  std::uint32_t epoch = 0;  // Of the column when it last made sure that no view sees this.
  std::uint64_t present[kCells / 64] = {};
  alignas(V) std::byte cells[kCells * sizeof(V)];

  Segment() {}  // NOLINT: cells stay uninitialized.
  Segment(const Segment&) = delete;
  Segment& operator=(const Segment&) = delete;
  static void* operator new(std::size_t bytes) {
    if constexpr (kOverAligned) {
      return ::operator new(bytes, std::align_val_t(alignof(V)));
    } else {
      return takeSegment(bytes);
    }
  }
  static void operator delete(void* segment, std::size_t bytes) noexcept {
    if constexpr (kOverAligned) {
      ::operator delete(segment, bytes, std::align_val_t(alignof(V)));
    } else {
      giveSegment(segment, bytes);
    }
  }
  ~Segment() {
    if constexpr (!std::is_trivially_destructible_v<V>) {
      for (Slot at = 0; at < kCells; ++at) {
        if (has(at)) {
          cell(at)->~V();
        }
      }
    }
  }
  bool has(Slot at) const { return (present[at / 64] >> (at % 64) & 1) != 0; }
  V* cell(Slot at) { return std::launder(reinterpret_cast<V*>(cells)) + at; }
  const V* cell(Slot at) const { return std::launder(reinterpret_cast<const V*>(cells)) + at; }

  template <typename... A>
  V& construct(Slot at, A&&... from) {
    V* made = new (cells + at * sizeof(V)) V(std::forward<A>(from)...);
    present[at / 64] |= std::uint64_t{1} << (at % 64);
    return *made;
  }
  void destroy(Slot at) {
    cell(at)->~V();
    present[at / 64] &= ~(std::uint64_t{1} << (at % 64));
  }
  std::unique_ptr<Segment> clone() const {
    auto copy = std::make_unique<Segment>();
    for (Slot at = 0; at < kCells; ++at) {
      if (has(at)) {
        copy->construct(at, *cell(at));
      }
    }
    return copy;
  }
};

}  // namespace weir::state
