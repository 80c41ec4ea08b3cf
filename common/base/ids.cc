#include "common/base/ids.h"

#include "common/base/random.h"

namespace weir {

std::string toHex(std::string_view bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const char c : bytes) {
    const auto byte = static_cast<std::uint8_t>(c);
    text.push_back(kDigits[byte >> 4]);
    text.push_back(kDigits[byte & 15]);
  }
  return text;
}

namespace base_internal {
namespace {

int digitOf(char c) {
  if (c >= '0' && c <= '9') {
    return c - '0';
  }
  if (c >= 'a' && c <= 'f') {
    return c - 'a' + 10;
  }
  if (c >= 'A' && c <= 'F') {
    return c - 'A' + 10;
  }
  return -1;
}

}  // namespace

std::string hexOf(const Bytes16& bytes) {
  return toHex({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

Result<Bytes16> parseHex16(std::string_view text) {
  Bytes16 bytes;
  if (text.size() != 32) {
    return Error(ErrorCode::kInvalidArgument,
                 "'" + std::string(text) + "' is not a valid ID (32 hexadecimal digits)");
  }
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const int high = digitOf(text[2 * i]);
    const int low = digitOf(text[2 * i + 1]);
    if (high < 0 || low < 0) {
      return Error(ErrorCode::kInvalidArgument,
                   "'" + std::string(text) + "' is not a valid ID (32 hexadecimal digits)");
    }
    bytes[i] = static_cast<std::uint8_t>(high << 4 | low);
  }
  return bytes;
}

Bytes16 randomBytes16(Random& random) {
  Bytes16 bytes;
  const std::uint64_t words[2] = {random.next(), random.next()};
  std::memcpy(bytes.data(), words, sizeof words);
  return bytes;
}

}  // namespace base_internal
}  // namespace weir
