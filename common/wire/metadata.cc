#include <array>
#include <cstring>
#include <limits>

#include <xxhash.h>

#include "common/wire/checkpoint.h"
#include "common/wire/deployment.h"
#include "common/wire/element_count.h"
#include "common/wire/encoding.h"

namespace weir::wire {
namespace {

/// A file of one message, as metadata_format.md lays it out.
struct Format {
  std::string_view magic;
  std::uint32_t version = 1;
  std::uint32_t oldest = 1;  // That is read.
  std::string_view what;     // For errors.
};
constexpr Format kMetadata{"WEIRMETA",
                           runtime::CheckpointMetadata::kVersion,
                           runtime::CheckpointMetadata::kWithoutInFlight,
                           "metadata"};
constexpr Format kProgram{"WEIRPROG", 1, 1, "the program's description"};
/// Operators, states and subtasks of one file: those of 65,536 subtasks of 20 operators, thrice.
constexpr std::size_t kMostMessages = std::size_t{1} << 22;

/// Operators with their states, subtasks with their handles, and consumers.
std::vector<MessageShape> shapeOf(const v1::CheckpointMetadata& /*message*/) {
  return {{11, {{9, {}}, {10, {{3, {}}}}, {13, {}}}}};
}
/// Files, arguments and configuration of the program; operators, vertices, edges of the graph.
std::vector<MessageShape> shapeOf(const v1::JobProgram& /*message*/) {
  return {{1, {{2, {{2, {}}}}, {3, {{2, {}}}}, {4, {}}, {6, {}}}},
          {2, {{3, {{8, {}}}}, {4, {{7, {}}}}, {5, {}}, {9, {}}}}};
}

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

template <typename Message>
std::string encodeImage(const Format& format, const Message& message) {
  const std::string bytes = message.SerializeAsString();
  std::string image(format.magic);
  image.reserve(kHeaderBytes + bytes.size() + kChecksumBytes);
  appendLittleEndian(image, format.version, 4);
  appendLittleEndian(image, bytes.size(), 8);
  image += bytes;
  appendLittleEndian(image, XXH3_64bits(image.data(), image.size()), 8);
  return image;
}

template <typename Message>
Result<Message> decodeImage(const Format& format, std::string_view image) {
  const std::string what(format.what);
  const auto corrupt = [&](const std::string& why) {
    return Error(ErrorCode::kCorruption, what + " " + why);
  };
  if (image.size() < kHeaderBytes + kChecksumBytes) {
    return corrupt("has only " + std::to_string(image.size()) + " bytes");
  }
  if (image.substr(0, format.magic.size()) != format.magic) {
    return corrupt("does not begin with " + std::string(format.magic));
  }
  // The checksum comes before the version, so that a flipped version is no "newer release".
  const std::size_t covered = image.size() - kChecksumBytes;
  if (XXH3_64bits(image.data(), covered) != littleEndian(image, covered, 8)) {
    return corrupt("contradicts its checksum");
  }
  const std::uint64_t version = littleEndian(image, 8, 4);
  if (version < format.oldest || version > format.version) {
    return Error(ErrorCode::kInvalidArgument,
                 what + " has format " + std::to_string(version) + ", and this release reads " +
                     std::to_string(format.version))
        .advise("use the release of Weir that wrote it, or a newer one");
  }
  const std::string_view bytes = image.substr(kHeaderBytes, covered - kHeaderBytes);
  Message message;
  if (countMessages(bytes, shapeOf(message)) > kMostMessages) {
    return corrupt("names more than " + std::to_string(kMostMessages) + " operators and subtasks");
  }
  if (littleEndian(image, 12, 8) != bytes.size() ||
      bytes.size() > static_cast<std::size_t>(std::numeric_limits<int>::max()) ||
      !message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return corrupt("holds no message of the length that it names");
  }
  return message;
}

}  // namespace

std::string encodeMetadata(const runtime::CheckpointMetadata& metadata) {
  Format format = kMetadata;
  format.version = metadata.hasInFlight() ? runtime::CheckpointMetadata::kVersion
                                          : runtime::CheckpointMetadata::kWithoutInFlight;
  return encodeImage(format, toProto(metadata));
}

Result<runtime::CheckpointMetadata> decodeMetadata(std::string_view image) {
  WEIR_TRY(const auto message, decodeImage<v1::CheckpointMetadata>(kMetadata, image));
  return fromProto(message).during("metadata");
}

std::string encodeProgram(const runtime::JobProgram& program) {
  return encodeImage(kProgram, toProto(program));
}

Result<runtime::JobProgram> decodeProgram(std::string_view image) {
  WEIR_TRY(const auto message, decodeImage<v1::JobProgram>(kProgram, image));
  return fromProto(message).during(std::string(kProgram.what));
}

}  // namespace weir::wire
