#include "common/wire/element_count.h"

#include <algorithm>
#include <optional>

namespace weir::wire {
namespace {

std::optional<std::uint64_t> takeVarint(std::string_view& bytes) {
  std::uint64_t value = 0;
  for (int shift = 0; shift < 64 && !bytes.empty(); shift += 7) {
    const auto byte = static_cast<std::uint8_t>(bytes.front());
    bytes.remove_prefix(1);
    value |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
    if (byte < 0x80) {
      return value;
    }
  }
  return std::nullopt;
}

/// The content of a field, which is empty unless it has a length; nullopt where the encoding ends
/// early or is none.
std::optional<std::string_view> takeField(std::string_view& bytes, std::uint64_t wire_type) {
  std::uint64_t size = 0;
  if (wire_type == 0) {
    return takeVarint(bytes) ? std::optional(std::string_view()) : std::nullopt;
  }
  if (wire_type == 1 || wire_type == 5) {
    size = wire_type == 1 ? 8 : 4;
  } else if (const auto length = takeVarint(bytes); wire_type == 2 && length) {
    size = *length;
  } else {
    return std::nullopt;
  }
  if (size > bytes.size()) {
    return std::nullopt;
  }
  const std::string_view content = bytes.substr(0, size);
  bytes.remove_prefix(size);
  return wire_type == 2 ? content : std::string_view();
}

}  // namespace

std::size_t countMessages(std::string_view bytes, const std::vector<MessageShape>& shapes) {
  std::size_t count = 0;
  while (!bytes.empty()) {
    const auto tag = takeVarint(bytes);
    const auto content = tag ? takeField(bytes, *tag & 7) : std::nullopt;
    if (!content) {
      break;
    }
    const auto shape = std::find_if(shapes.begin(), shapes.end(), [&](const MessageShape& one) {
      return one.field == *tag >> 3;
    });
    if (shape != shapes.end() && (*tag & 7) == 2) {
      count += 1 + countMessages(*content, shape->below);
    }
  }
  return count;
}

}  // namespace weir::wire
