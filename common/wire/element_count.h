#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace weir::wire {

/// Which fields of a message are messages themselves, and so on below them.
struct MessageShape {
  std::uint32_t field = 0;
  std::vector<MessageShape> below;
};

/// How many messages are in the encoding of one, as far as `shapes` follows it. An empty one has
/// two bytes and takes a hundred times as much once it is parsed: what comes from outside is
/// counted first. What is no encoding is counted up to where it breaks; the parser refuses it.
/// Takes no memory.
std::size_t countMessages(std::string_view bytes, const std::vector<MessageShape>& shapes);

}  // namespace weir::wire
