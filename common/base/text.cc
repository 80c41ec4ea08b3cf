#include "common/base/text.h"

#include <algorithm>

namespace weir {
namespace {

bool continues(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

}  // namespace

bool isUtf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    const std::size_t length = lead < 0x80   ? 1
                               : lead < 0xC2 ? 0
                               : lead < 0xE0 ? 2
                               : lead < 0xF0 ? 3
                               : lead < 0xF5 ? 4
                                             : 0;
    if (length == 0 || i + length > text.size()) {
      return false;
    }
    for (std::size_t k = 1; k < length; ++k) {
      if (!continues(text[i + k])) {
        return false;
      }
    }
    i += length;
  }
  return true;
}

bool hasControlCharacter(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c < 0x20 || c == 0x7F) {
      return true;
    }
    if (c == 0xC2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xA0) {
      return true;
    }
  }
  return false;
}

std::string cutText(std::string_view text, std::size_t most) {
  if (text.size() <= most) {
    return std::string(text);
  }
  constexpr std::string_view kNote = " ... (cut)";  // No size: the text may have been cut before.
  std::size_t end = most - std::min(most, kNote.size());
  // A character has at most three bytes after its first; what has more is no UTF-8 and cut
  // anywhere.
  for (int back = 0; back < 3 && end > 0 && continues(text[end]); ++back) {
    --end;
  }
  return std::string(text.substr(0, end)).append(kNote);
}

}  // namespace weir
