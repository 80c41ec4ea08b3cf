#pragma once

#include <cstdint>
#include <string_view>

/// The constants of snapshot_format.md.
namespace weir::state::format {

inline constexpr std::uint32_t kVersion = 2;
inline constexpr std::uint32_t kOldestVersion = 1;  ///< That is read.
inline constexpr std::uint32_t kDigestsSince = 2;   ///< A version.
inline constexpr std::string_view kHeadMagic = "WEIRSEC\x01";
inline constexpr std::string_view kTailMagic = "WEIREND\x01";
inline constexpr std::uint64_t kBlockBytes = 256 * 1024;  ///< Of a block before compression.
inline constexpr std::uint64_t kBlockHeader = 24;
inline constexpr std::uint64_t kTrailer = 40;
inline constexpr std::uint64_t kLargestGroup = 0xFFFF'FFFF;
inline constexpr std::uint64_t kLargestValue = std::uint64_t{1} << 62;
inline constexpr std::uint64_t kSmallestHeader = 8 + 4 + 2 + 8;
inline constexpr std::uint64_t kLargestHeader = kSmallestHeader + 0xFFFF;

enum class Compression : std::uint8_t { kNone = 0 };

}  // namespace weir::state::format
