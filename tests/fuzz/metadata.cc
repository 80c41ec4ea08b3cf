#include "common/wire/encoding.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/sealed_image.h"
#include "tests/unit/common/wire/fixture.h"

namespace weir::fuzz {

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
  fuzz::checkRoundTripOfImage(fuzz::view(data, size),
                              "WEIRMETA",
                              runtime::CheckpointMetadata::kVersion,
                              wire::decodeMetadata,
                              wire::encodeMetadata);
  return 0;
}
