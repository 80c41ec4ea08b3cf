#include "common/record/migrate.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/types.h"

namespace weir::fuzz {
namespace {

/// An input is the size of a schema (two bytes), that schema, and a value written with it.
std::string image(const record::Schema& schema, std::string_view value) {
  const std::string encoded = record::encodeSchema(schema);
  Writer to;
  to.put(static_cast<std::uint16_t>(encoded.size()));
  to.putBytes(encoded.data(), encoded.size());
  to.putBytes(value.data(), value.size());
  return to.str();
}

template <typename T>
std::string imageOf(const T& value) {
  Writer to;
  record::write(value, to);
  return image(record::schemaOf<T>(), to.view());
}

/// When T's schema takes what was written as `written`, T's reader takes what comes of the value.
template <typename T>
void readAs(const record::Schema& written, std::string_view value) {
  const record::Schema now = record::schemaOf<T>();
  const record::SchemaComparison comparison = record::compareSchemas(written, now);
  check((comparison.match == record::SchemaMatch::kEqual) == comparison.sentence.empty(),
        "a difference is named");
  if (comparison.match == record::SchemaMatch::kIncompatible) {
    return;
  }
  Reader from(value);
  Writer migrated;
  record::migrateValue(from, written, now, migrated);
  Reader skipping(value);
  record::skipValue(skipping, written);
  if (!from.failed()) {
    check(!skipping.failed() && skipping.remaining() == from.remaining(),
          "skipping and migrating agree about the end of a value");
  }
  Reader reading(value);
  (void)record::readAs<T>(reading, written, now);
}

}  // namespace

std::vector<std::string> seeds() {
  Tree tree;
  tree.children.resize(2);
  tree.named["x"].label = 3;
  return {imageOf(OldTrade{}),
          imageOf(tree),
          imageOf(Mixed{}),
          imageOf(Celsius{3}),
          imageOf(std::map<int, std::vector<std::tuple<int, Nothing>>>{{1, {{2, {}}}}})};
}

}  // namespace weir::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weir;
  const std::string_view bytes = fuzz::view(data, size);
  fuzz::checkRoundTrip(bytes, record::decodeSchema, record::encodeSchema);
  Reader from(bytes);
  const std::string_view encoded = from.take(from.get<std::uint16_t>());
  const auto schema = record::decodeSchema(encoded);
  if (from.failed() || !schema.has_value()) {
    return 0;
  }
  fuzz::checkRoundTrip(encoded, record::decodeSchema, record::encodeSchema);
  fuzz::check(*record::decodeSchema(record::encodeSchema(*schema)) == *schema,
              "a schema is decoded as what it was");
  fuzz::check(!record::describeSchema(*schema).empty(), "every schema has a description");
  const std::string_view value = bytes.substr(bytes.size() - from.remaining());
  fuzz::readAs<fuzz::Trade>(*schema, value);
  fuzz::readAs<fuzz::Tree>(*schema, value);
  fuzz::readAs<fuzz::Mixed>(*schema, value);
  fuzz::readAs<fuzz::Celsius>(*schema, value);
  fuzz::readAs<std::int64_t>(*schema, value);
  fuzz::readAs<std::map<int, std::vector<std::tuple<int, fuzz::Nothing>>>>(*schema, value);
  record::skipValue(from, *schema);
  return 0;
}
