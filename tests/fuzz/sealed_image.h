#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "common/record/key_hash.h"
#include "tests/fuzz/fuzz.h"

namespace weir::fuzz {

inline constexpr std::size_t kImageHeaderBytes = 20;
inline constexpr std::size_t kImageChecksumBytes = 8;

/// `image` with the magic of eight letters, version, length and checksum that it should have (those
/// of metadata_format.md), so that what is between them is looked at. It has room for them.
inline std::string sealed(std::string image, std::string_view magic, std::uint32_t version) {
  const std::uint64_t length = image.size() - kImageHeaderBytes - kImageChecksumBytes;
  std::memcpy(image.data(), magic.data(), 8);
  std::memcpy(image.data() + 8, &version, sizeof version);
  std::memcpy(image.data() + 12, &length, sizeof length);
  const std::size_t covered = image.size() - kImageChecksumBytes;
  const std::uint64_t checksum = record::xxh3(image.data(), covered);
  std::memcpy(image.data() + covered, &checksum, sizeof checksum);
  return image;
}

/// checkRoundTrip() of the image as it is, and sealed where it has room for that.
template <typename Decode, typename Encode>
void checkRoundTripOfImage(std::string_view image,
                           std::string_view magic,
                           std::uint32_t version,
                           Decode decode,
                           Encode encode) {
  checkRoundTrip(image, decode, encode);
  if (image.size() >= kImageHeaderBytes + kImageChecksumBytes) {
    checkRoundTrip(sealed(std::string(image), magic, version), decode, encode);
  }
}

}  // namespace weir::fuzz
