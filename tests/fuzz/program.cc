#include "common/wire/encoding.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/sealed_image.h"
#include "tests/unit/common/wire/fixture.h"

namespace weir::fuzz {

std::vector<std::string> seeds() {
  return {wire::encodeProgram({wire::testing::deployment().program, wire::testing::jobGraph()})};
}

}  // namespace weir::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weir;
  fuzz::checkRoundTripOfImage(
      fuzz::view(data, size), "WEIRPROG", 1, wire::decodeProgram, wire::encodeProgram);
  return 0;
}
