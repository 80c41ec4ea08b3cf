#include "common/base/utf8.h"

#include <cstdint>
#include <cstdio>

namespace weir {

namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

/// How many bytes of `text` are one character, and which; no bytes: the first is not UTF-8.
struct Character {
  std::size_t bytes = 0;
  std::uint32_t code = 0;
};

Character firstOf(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  if (lead < 0x80) {
    return {1, lead};
  }
  const std::size_t bytes = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() < bytes) {
    return {};
  }
  std::uint32_t code = lead & (0xFFU >> (bytes + 1));
  for (std::size_t i = 1; i < bytes; ++i) {
    const auto next = static_cast<unsigned char>(text[i]);
    if ((next & 0xC0U) != 0x80) {
      return {};
    }
    code = code << 6U | (next & 0x3FU);
  }
  const std::uint32_t least = bytes == 4 ? 0x10000 : bytes == 3 ? 0x800 : 0x80;
  const bool surrogate = code >= 0xD800 && code <= 0xDFFF;
  return code < least || code > 0x10FFFF || surrogate ? Character{} : Character{bytes, code};
}

/// Controls, line and paragraph separators, and marks of direction.
bool isObeyed(std::uint32_t code) {
  return code < 0x20 || (code >= 0x7F && code < 0xA0) || code == 0x200E || code == 0x200F ||
         (code >= 0x2028 && code <= 0x202E) || (code >= 0x2066 && code <= 0x2069) || code == 0xFEFF;
}

std::string spelled(std::uint32_t code, const char* pattern) {
  char text[12];
  std::snprintf(text, sizeof text, pattern, code);
  return text;
}

std::string escape(std::uint32_t code) {
  switch (code) {
    case '\n':
      return "\\n";
    case '\r':
      return "\\r";
    case '\t':
      return "\\t";
    default:
      return spelled(code, code < 0x80 ? "\\x%02x" : "\\u%04x");
  }
}

}  // namespace

std::size_t findNotUtf8(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const Character next = firstOf(text.substr(at));
    if (next.bytes == 0) {
      return at;
    }
    at += next.bytes;
  }
  return std::string_view::npos;
}

std::string asUtf8(std::string_view text) {
  std::string valid;
  while (!text.empty()) {
    const Character next = firstOf(text);
    valid += next.bytes == 0 ? kReplacement : text.substr(0, next.bytes);
    text.remove_prefix(next.bytes == 0 ? 1 : next.bytes);
  }
  return valid;
}

std::string escaped(std::string_view text, std::string_view kept) {
  std::string shown;
  while (!text.empty()) {
    const Character next = firstOf(text);
    if (next.bytes == 0) {
      shown += spelled(static_cast<unsigned char>(text[0]), "\\x%02x");
      text.remove_prefix(1);
      continue;
    }
    const std::string_view letter = text.substr(0, next.bytes);
    const bool stays = !isObeyed(next.code) || kept.find(letter) != std::string_view::npos;
    shown += stays ? std::string(letter) : escape(next.code);
    text.remove_prefix(next.bytes);
  }
  return shown;
}

}  // namespace weir
