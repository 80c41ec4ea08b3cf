#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>

#include "common/functions/edge.h"

namespace weir::worker {

/// What a frame between workers holds. Append only: the numbers go on the wire.
enum class FrameType : std::uint8_t {
  kData = 1,     ///< A buffer of records; uses a credit of its channel.
  kBarrier = 2,  ///< This and the next are signals (signal_frame.h), and need no credit.
  kEndOfInput = 3,
  kCredit = 4,        ///< To the producer: u32, so many more buffers may come.
  kWelcome = 5,       ///< To the consumer: its hello reached the producer's worker.
  kWatermark = 6,     ///< A signal as well.
  kStreamStatus = 7,  ///< Likewise.
  kLoopMark = 8,      ///< Likewise.
};

/// In front of every payload, little-endian, 12 bytes:
///   0 u32 length of the payload   4 u8 type   5 zeros   8 u32 channel within the connection
struct FrameHeader {
  static constexpr std::size_t kSize = 12;
  static constexpr std::uint32_t kMostBytes = 1U << 30;

  std::uint32_t length = 0;
  FrameType type = FrameType::kData;
  std::uint32_t channel = 0;

  std::array<std::byte, kSize> encode() const {
    std::array<std::byte, kSize> bytes{};
    std::memcpy(bytes.data(), &length, 4);
    std::memcpy(bytes.data() + 4, &type, 1);
    std::memcpy(bytes.data() + 8, &channel, 4);
    return bytes;
  }
  static FrameHeader decode(const std::byte* bytes) {
    FrameHeader header;
    std::memcpy(&header.length, bytes, 4);
    std::memcpy(&header.type, bytes + 4, 1);
    std::memcpy(&header.channel, bytes + 8, 4);
    return header;
  }
};

/// A frame on its way out: a buffer of records, or a few bytes of something else.
struct OutFrame {
  std::array<std::byte, FrameHeader::kSize> header{};
  functions::Buffer data;
  std::string text;

  static OutFrame of(FrameType type, std::uint32_t channel, std::string text) {
    OutFrame frame;
    frame.header = FrameHeader{static_cast<std::uint32_t>(text.size()), type, channel}.encode();
    frame.text = std::move(text);
    return frame;
  }
  static OutFrame of(std::uint32_t channel, functions::Buffer data) {
    OutFrame frame;
    frame.header =
        FrameHeader{static_cast<std::uint32_t>(data.size()), FrameType::kData, channel}.encode();
    frame.data = std::move(data);
    return frame;
  }
};

}  // namespace weir::worker
