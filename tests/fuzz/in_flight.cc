#include "taskmanager/worker/checkpoint/in_flight.h"

#include "common/record/serializer.h"
#include "tests/fuzz/fuzz.h"

namespace weir::fuzz {
namespace {

class Image final : public state::ByteSink, public state::ByteSource {
 public:
  Status append(std::string_view bytes) override {
    text_.append(bytes);
    return ok();
  }
  std::uint64_t size() const override { return text_.size(); }
  Result<std::string> read(std::uint64_t offset, std::uint64_t length) const override {
    return text_.substr(offset, length);
  }

 private:
  std::string text_;
};

worker::InFlightRecords records() {
  worker::InFlightRecords records;
  records.edge = {
      "in-flight/0/ab", graph::Partitioning::kHash, 2, record::schemaOf<std::pair<int, long>>()};
  records.elements.push_back({1, functions::Signal(functions::Watermark{5})});
  records.elements.push_back({0, functions::copyOf(std::as_bytes(std::span("\0abcdefgh", 9)))});
  return records;
}

}  // namespace

/// The elements one after another, each with its length.
std::vector<std::string> seeds() {
  std::string all;
  for (const std::string& element : worker::encodeInFlight(records()).elements) {
    all += element;
  }
  return {all, {}};
}

}  // namespace weir::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weir;
  state::OperatorState state = worker::encodeInFlight(fuzz::records());
  state.elements.clear();
  Reader from(fuzz::view(data, size));
  while (from.remaining() > 0) {
    const std::string element(from.getString());
    if (from.failed()) {
      break;
    }
    state.elements.push_back(state::encodeElement(element));
  }
  fuzz::Image image;
  state::SectionWriter writer(image);
  fuzz::check(state::writeOperatorState(writer, state).has_value() && writer.finish().has_value(),
              "a section is written");
  const auto section = state::SectionReader::open(image);
  fuzz::check(section.has_value(), "a section that was written opens");
  const auto records = worker::decodeInFlight(**section, 0);
  fuzz::check(records.has_value() || !records.error().text().empty(), "an error says why");
  return 0;
}
