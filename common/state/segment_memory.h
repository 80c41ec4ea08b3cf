#pragma once

#include <cstddef>

namespace weir::state {

/// Memory for the segments of columns. Few come from the allocator; when there are many of one
/// size, further ones are cut from huge pages: a snapshot looks at all cells in the order of their
/// keys' hashes, and would walk the page tables for each of them.
///
/// A page in which no segment stands any more goes back to the system, unless no other has room.
/// Any thread. Throws std::bad_alloc.
void* takeSegment(std::size_t bytes);
/// Gives back what takeSegment() gave, with the same size.
void giveSegment(void* segment, std::size_t bytes) noexcept;

}  // namespace weir::state
