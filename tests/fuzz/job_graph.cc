#include "common/wire/encoding.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/common/wire/fixture.h"

namespace weir::fuzz {

std::vector<std::string> seeds() {
  graph::JobGraph typed = wire::testing::jobGraph();
  record::Schema number{.kind = record::SchemaKind::kInt, .width = 8, .fields = {}};
  typed.operators[1].states[0].key = number;
  typed.operators[1].states[0].value = {.kind = record::SchemaKind::kList,
                                        .fields = {{.schema = number}}};
  return {wire::encodeJobGraph(wire::testing::jobGraph()), wire::encodeJobGraph(typed)};
}

}  // namespace weir::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weir;
  fuzz::checkRoundTrip(fuzz::view(data, size), wire::decodeJobGraph, wire::encodeJobGraph);
  return 0;
}
