#include <cstring>

#include "common/record/key_hash.h"
#include "common/wire/encoding.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/common/wire/fixture.h"

namespace weir::fuzz {
namespace {

constexpr std::size_t kHeaderBytes = 20;
constexpr std::size_t kChecksumBytes = 8;

/// `image` with the magic, length and checksum that it should have, so that what is between them
/// is looked at.
std::string sealed(std::string image) {
  const std::uint64_t length = image.size() - kHeaderBytes - kChecksumBytes;
  const std::uint32_t version = runtime::CheckpointMetadata::kVersion;
  std::memcpy(image.data(), "WEIRMETA", 8);
  std::memcpy(image.data() + 8, &version, sizeof version);
  std::memcpy(image.data() + 12, &length, sizeof length);
  const std::size_t covered = image.size() - kChecksumBytes;
  const std::uint64_t checksum = record::xxh3(image.data(), covered);
  std::memcpy(image.data() + covered, &checksum, sizeof checksum);
  return image;
}

}  // namespace

std::vector<std::string> seeds() {
  runtime::CheckpointMetadata empty;
  std::vector<std::string> images = golden(/*metadata=*/true);
  images.push_back(wire::encodeMetadata(wire::testing::metadata()));
  images.push_back(wire::encodeMetadata(empty));
  return images;
}

}  // namespace weir::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weir;
  const std::string_view image = fuzz::view(data, size);
  fuzz::checkRoundTrip(image, wire::decodeMetadata, wire::encodeMetadata);
  if (size >= fuzz::kHeaderBytes + fuzz::kChecksumBytes) {
    fuzz::checkRoundTrip(
        fuzz::sealed(std::string(image)), wire::decodeMetadata, wire::encodeMetadata);
  }
  return 0;
}
