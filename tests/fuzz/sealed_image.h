#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "common/record/key_hash.h"

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

inline bool canBeSealed(std::size_t size) {
  return size >= kImageHeaderBytes + kImageChecksumBytes;
}

}  // namespace weir::fuzz
