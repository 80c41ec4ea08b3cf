#include <array>
#include <cstring>
#include <limits>

#include <xxhash.h>

#include "common/wire/checkpoint.h"
#include "common/wire/encoding.h"

namespace weir::wire {
namespace {

constexpr std::string_view kMagic = "WEIRMETA";
constexpr std::size_t kHeaderBytes = 8 + 4 + 8;  // Magic, version, length of the message.
constexpr std::size_t kChecksumBytes = 8;

void appendLittleEndian(std::string& to, std::uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) {
    to.push_back(static_cast<char>(value >> (8 * i)));
  }
}

std::uint64_t littleEndian(std::string_view from, std::size_t at, int bytes) {
  std::uint64_t value = 0;
  for (int i = bytes - 1; i >= 0; --i) {
    value = value << 8 | static_cast<std::uint8_t>(from[at + static_cast<std::size_t>(i)]);
  }
  return value;
}

Error corrupt(std::string why) { return Error(ErrorCode::kCorruption, std::move(why)); }

}  // namespace

std::string encodeMetadata(const runtime::CheckpointMetadata& metadata) {
  const std::string message = toProto(metadata).SerializeAsString();
  std::string image(kMagic);
  image.reserve(kHeaderBytes + message.size() + kChecksumBytes);
  appendLittleEndian(image, runtime::CheckpointMetadata::kVersion, 4);
  appendLittleEndian(image, message.size(), 8);
  image += message;
  appendLittleEndian(image, XXH3_64bits(image.data(), image.size()), 8);
  return image;
}

Result<runtime::CheckpointMetadata> decodeMetadata(std::string_view image) {
  if (image.size() < kHeaderBytes + kChecksumBytes) {
    return corrupt("metadata has only " + std::to_string(image.size()) + " bytes");
  }
  if (image.substr(0, kMagic.size()) != kMagic) {
    return corrupt("metadata does not begin with " + std::string(kMagic));
  }
  // The checksum comes before the version, so that a flipped version is no "newer release".
  const std::size_t covered = image.size() - kChecksumBytes;
  if (XXH3_64bits(image.data(), covered) != littleEndian(image, covered, 8)) {
    return corrupt("metadata contradicts its checksum");
  }
  const std::uint64_t version = littleEndian(image, 8, 4);
  if (version != runtime::CheckpointMetadata::kVersion) {
    return Error(ErrorCode::kInvalidArgument,
                 "metadata has format " + std::to_string(version) + ", and this release reads " +
                     std::to_string(runtime::CheckpointMetadata::kVersion))
        .advise("use the release of Weir that wrote it, or a newer one");
  }
  const std::string_view bytes = image.substr(kHeaderBytes, covered - kHeaderBytes);
  v1::CheckpointMetadata message;
  if (littleEndian(image, 12, 8) != bytes.size() ||
      bytes.size() > static_cast<std::size_t>(std::numeric_limits<int>::max()) ||
      !message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return corrupt("metadata holds no message of the length that it names");
  }
  return fromProto(message).during("metadata");
}

}  // namespace weir::wire
