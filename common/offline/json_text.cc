#include "common/offline/json_text.h"

#include <array>
#include <charconv>
#include <cmath>
#include <cstring>

#include "common/base/text.h"
#include "common/base/utf8.h"

namespace weir::offline {
namespace {

template <typename T>
void appendNumber(std::string& to, T value) {
  std::array<char, 24> buffer;
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
  to.append(buffer.data(), end.ptr);
}

/// The longest text of a 64-bit integer and a comma.
constexpr std::size_t kLongestDecimal = 21;

/// The text of a byte and a comma, and how long it is: most long lists are of bytes.
template <typename Byte>
struct ByteTexts {
  struct Text {
    std::array<char, 5> text{};
    std::uint8_t size = 0;
  };

  ByteTexts() {
    for (std::size_t i = 0; i < texts.size(); ++i) {
      Text& it = texts[i];
      const auto value = static_cast<Byte>(i);
      char* end = std::to_chars(it.text.data(), it.text.data() + it.text.size(), value).ptr;
      *end++ = ',';
      it.size = static_cast<std::uint8_t>(end - it.text.data());
    }
  }

  std::array<Text, 256> texts;
};

template <typename T>
char* putNumber(char* at, const char* from) {
  if constexpr (sizeof(T) == 1) {
    static const ByteTexts<T> kTexts;
    const auto& it = kTexts.texts[static_cast<unsigned char>(*from)];
    std::memcpy(at, it.text.data(), it.text.size());
    return at + it.size;
  } else {
    T value;
    std::memcpy(&value, from, sizeof value);
    at = std::to_chars(at, at + kLongestDecimal, value).ptr;
    *at++ = ',';
    return at;
  }
}

/// In pieces, as a text that grows by a few bytes at a time costs more than the digits.
template <typename T>
void appendNumbers(std::string& to, std::string_view integers) {
  std::array<char, 4096> piece;
  char* at = piece.data();
  for (std::size_t i = 0; i < integers.size(); i += sizeof(T)) {
    if (piece.data() + piece.size() - at < std::ptrdiff_t{kLongestDecimal}) {
      to.append(piece.data(), at);
      at = piece.data();
    }
    at = putNumber<T>(at, integers.data() + i);
  }
  to.append(piece.data(), at == piece.data() ? at : at - 1);
}

template <typename T>
void appendFloatOf(std::string& to, T value) {
  if (std::isnan(value)) {
    to += "\"NaN\"";
  } else if (std::isinf(value)) {
    to += value < 0 ? "\"-Infinity\"" : "\"Infinity\"";
  } else {
    std::array<char, 64> buffer;
    const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
    const std::string_view text(buffer.data(), static_cast<std::size_t>(end.ptr - buffer.data()));
    to += text;
    if (text.find_first_of(".e") == std::string_view::npos) {
      to += ".0";  // Else a reader takes it for an integer, and -0 for 0.
    }
  }
}

bool isPlain(unsigned char c) { return c >= 0x20 && c < 0x7F && c != '"' && c != '\\'; }

/// Whether all of it stands for itself between quotes.
bool isAllPlain(std::string_view text) {
  bool plain = true;
  for (const char c : text) {
    plain = plain && isPlain(static_cast<unsigned char>(c));
  }
  return plain;
}

void appendCodePoint(std::string& to, unsigned code) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  to += "\\u";
  for (const int shift : {12, 8, 4, 0}) {
    to += kDigits[code >> shift & 0xF];
  }
}

void appendEscaped(std::string& to, unsigned char c) {
  switch (c) {
    case '"':
      to += "\\\"";
      return;
    case '\\':
      to += "\\\\";
      return;
    case '\n':
      to += "\\n";
      return;
    case '\r':
      to += "\\r";
      return;
    case '\t':
      to += "\\t";
      return;
    default:
      break;
  }
  if (c < 0x20 || c == 0x7F) {
    appendCodePoint(to, c);
  } else {
    to += static_cast<char>(c);
  }
}

/// The character at `at` where a terminal would obey it: controls of two bytes, and marks of three
/// that turn the direction of writing or end a line; else 0.
unsigned obeyedAt(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) {
    return at + i < text.size() ? static_cast<unsigned char>(text[at + i]) : 0U;
  };
  if (byte(0) == 0xC2 && byte(1) >= 0x80 && byte(1) < 0xA0) {
    return byte(1);
  }
  if (byte(0) != 0xE2 || (byte(1) != 0x80 && byte(1) != 0x81)) {
    return 0;
  }
  const unsigned code = 0x2000 | (byte(1) & 0x3F) << 6 | (byte(2) & 0x3F);
  const bool mark = code == 0x200E || code == 0x200F || (code >= 0x2028 && code <= 0x202E) ||
                    (code >= 0x2066 && code <= 0x2069);
  return mark ? code : 0;
}

}  // namespace

void appendJsonString(std::string& to, std::string_view text) {
  to += '"';
  if (isAllPlain(text)) {
    to += text;
  } else {
    for (std::size_t at = 0; at < text.size(); ++at) {
      if (const unsigned code = obeyedAt(text, at); code != 0) {
        appendCodePoint(to, code);
        at += code < 0x100 ? 1 : 2;
      } else {
        appendEscaped(to, static_cast<unsigned char>(text[at]));
      }
    }
  }
  to += '"';
}

void appendBase64Object(std::string& to, std::string_view bytes) {
  to += "{\"$base64\":\"";
  to += base64(bytes);
  to += "\"}";
}

void appendJsonText(std::string& to, std::string_view text) {
  if (isAllPlain(text) || isUtf8(text)) {
    appendJsonString(to, text);
  } else {
    appendBase64Object(to, text);
  }
}

std::string base64(std::string_view bytes) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    const std::size_t count = std::min<std::size_t>(3, bytes.size() - at);
    std::uint32_t word = 0;
    for (std::size_t i = 0; i < 3; ++i) {
      word = word << 8 | (i < count ? static_cast<std::uint8_t>(bytes[at + i]) : 0U);
    }
    for (std::size_t i = 0; i < 4; ++i) {
      text += i <= count ? kDigits[word >> (18 - 6 * i) & 0x3F] : '=';
    }
  }
  return text;
}

void appendDecimal(std::string& to, std::int64_t value) { appendNumber(to, value); }
void appendDecimal(std::string& to, std::uint64_t value) { appendNumber(to, value); }

void appendDecimals(std::string& to, std::string_view integers, unsigned width, bool is_signed) {
  switch (width) {
    case 1:
      return is_signed ? appendNumbers<std::int8_t>(to, integers)
                       : appendNumbers<std::uint8_t>(to, integers);
    case 2:
      return is_signed ? appendNumbers<std::int16_t>(to, integers)
                       : appendNumbers<std::uint16_t>(to, integers);
    case 4:
      return is_signed ? appendNumbers<std::int32_t>(to, integers)
                       : appendNumbers<std::uint32_t>(to, integers);
    default:
      return is_signed ? appendNumbers<std::int64_t>(to, integers)
                       : appendNumbers<std::uint64_t>(to, integers);
  }
}

void appendFloat(std::string& to, float value) { appendFloatOf(to, value); }
void appendFloat(std::string& to, double value) { appendFloatOf(to, value); }
void appendFloat(std::string& to, long double value) { appendFloatOf(to, value); }

}  // namespace weir::offline
