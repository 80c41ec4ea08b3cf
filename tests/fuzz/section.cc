#include "common/state/section.h"

#include <algorithm>
#include <cstring>

#include "common/record/checksum.h"
#include "common/record/key_hash.h"
#include "common/record/serializer.h"
#include "common/state/keyed_backend_of.h"
#include "common/state/operator_state.h"
#include "common/state/section_format.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/common/state/fixtures.h"

namespace weir::fuzz {
namespace {

namespace format = state::format;

template <typename T>
void put(std::string& image, std::size_t at, T value) {
  std::memcpy(image.data() + at, &value, sizeof value);
}
template <typename T>
T get(const std::string& image, std::size_t at) {
  T value;
  std::memcpy(&value, image.data() + at, sizeof value);
  return value;
}
std::uint64_t checksumOf(std::string_view first, std::string_view second) {
  record::Checksum sum;
  sum.add(first);
  sum.add(second);
  return sum.value();
}

/// Makes all checksums right and the version this one, taking what lies between header and footer
/// for one block, so that the damage is seen by what stands behind the checksums.
std::string sealed(std::string image, std::uint32_t version) {
  const std::size_t trailer = image.size() - format::kTrailer;
  const auto footer_size = static_cast<std::uint32_t>(
      std::min<std::uint64_t>(get<std::uint32_t>(image, trailer + 8), trailer));
  const std::uint64_t footer = trailer - footer_size;
  put<std::uint64_t>(image, trailer, footer);
  put<std::uint32_t>(image, trailer + 8, footer_size);
  put<std::uint64_t>(image, trailer + 16, image.size());
  std::copy(format::kTailMagic.begin(), format::kTailMagic.end(), image.end() - 8);
  std::copy(format::kHeadMagic.begin(), format::kHeadMagic.end(), image.begin());
  put<std::uint32_t>(image, 8, version);
  const std::uint64_t header = 14 + get<std::uint16_t>(image, 12);
  if (header + 8 <= footer) {
    put(image, header, record::xxh3(image.data(), header));
    const std::uint64_t block = header + 8;
    if (block + format::kBlockHeader <= footer) {
      const auto stored = static_cast<std::uint32_t>(footer - block - format::kBlockHeader);
      put(image, block, stored);
      put(image, block + 4, stored);
      const std::string_view bytes(image);
      const std::uint64_t sum =
          checksumOf(bytes.substr(block, 16), bytes.substr(block + format::kBlockHeader, stored));
      put(image, block + 16, sum);
    }
  }
  const std::string_view bytes(image);
  put(image,
      trailer + 24,
      checksumOf(bytes.substr(footer, footer_size), bytes.substr(trailer, 24)));
  return image;
}

/// Restores it as a program would that knows its states, and as one that does not. Nothing is found
/// missing in what was verified but keys that are none, or are twice.
void restoreAll(const state::SectionReader& reader) {
  for (const bool declared : {true, false}) {
    state::KeyedBackendOf<std::string> backend(16);
    if (declared) {
      (void)backend.column(ListStateDescriptor<std::string>("lists")).has_value();
    }
    if (backend.restore(reader, {0, 15}).has_value()) {
      state::MemoryFile file;
      state::SectionWriter writer(file);
      check(backend.freeze()->write(writer).has_value(), "what was restored can be written");
    }
  }
}

/// Opens it and reads all that is in it.
void readAll(std::string image) {
  state::MemoryFile file;
  file.bytes = std::move(image);
  const auto reader = state::SectionReader::open(file);
  if (!reader.has_value()) {
    return;
  }
  bool complete = true;
  for (std::size_t at = 0; at < (*reader)->states().size(); ++at) {
    const state::StateSummary& summary = (*reader)->states()[at];
    if (state::isKeyed(summary.kind)) {
      complete &= (*reader)
                      ->readKeyed(at,
                                  {0, UINT32_MAX},
                                  [&](const state::SectionReader::Entry& entry) {
                                    Reader value(entry.value);
                                    record::skipValue(value, summary.value_schema);
                                    Reader key(entry.key);
                                    record::skipValue(key, summary.key_schema);
                                    return ok();
                                  })
                      .has_value();
    } else {
      complete &= (*reader)->readElements(at).has_value();
    }
  }
  check(!(*reader)->verify().has_value() || complete, "what is verified can be read");
  restoreAll(**reader);
}

}  // namespace

std::vector<std::string> seeds() {
  state::MemoryFile empty;
  (void)state::SectionWriter(empty).finish();
  state::MemoryFile file;
  state::SectionWriter writer(file, "fuzz");
  const auto schema = record::schemaOf<std::vector<std::string>>();
  (void)writer.beginState({"lists", state::StateKind::kList, state::ListMode::kNone, schema},
                          record::schemaOf<std::string>());
  (void)writer.entry(3, "\1k", "", std::string("\2\1a\1b", 5));
  (void)writer.entry(3, "\1l", "ns", std::string("\0", 1));
  (void)writer.entry(9, "\1m", "", std::string("\1\3abc", 5));
  (void)writer.endState();
  (void)state::writeOperatorState(writer, {state::operatorListInfo<int>(), {"e1", "", "e3"}});
  (void)writer.finish();
  std::vector<std::string> images = golden(/*metadata=*/false);
  images.push_back(empty.bytes);
  images.push_back(file.bytes);
  return images;
}

}  // namespace weir::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weir;
  std::string image(fuzz::view(data, size));
  fuzz::readAll(image);
  if (size >= state::format::kTrailer + state::format::kSmallestHeader) {
    fuzz::readAll(fuzz::sealed(image, state::format::kOldestVersion));
    fuzz::readAll(fuzz::sealed(std::move(image), state::format::kVersion));
  }
  return 0;
}
