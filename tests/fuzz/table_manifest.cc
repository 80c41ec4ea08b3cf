#include "common/rocksdb/table_manifest.h"

#include <cstring>

#include "common/record/key_hash.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/common/state/fixtures.h"

namespace weir::fuzz {
namespace {

constexpr std::size_t kHeadBytes = 8 + 4 + 8 + 8;  // Magic, version, size and checksum of the body.

/// A manifest of what stands behind its head, whole.
std::string sealed(std::string_view body) {
  std::string image = rocks::TableManifest().encode().substr(0, 12);
  const std::uint64_t words[] = {body.size(), record::xxh3(body.data(), body.size())};
  image.append(reinterpret_cast<const char*>(words), sizeof words);
  return image.append(body);
}

void read(std::string image) {
  state::MemoryFile file;
  file.bytes = std::move(image);
  const auto has = rocks::hasManifest(file);
  const auto read = rocks::readManifest(file);
  if (!read.has_value()) {
    check(!read.error().text().empty(), "an error says why");
    return;
  }
  check(has.has_value() && *has, "what can be read is known as a manifest");
  check(read->size <= file.bytes.size(), "a manifest ends in its file");
  const std::string once = read->manifest.encode();
  file.bytes = once;
  const auto again = rocks::readManifest(file);
  check(again.has_value(), "what was written can be read");
  check(again->manifest.encode() == once, "writing is stable");
}

}  // namespace

std::vector<std::string> seeds() {
  rocks::TableManifest manifest;
  std::vector<std::string> images{manifest.encode()};
  manifest.names_hold_keys = true;
  manifest.states.push_back(
      {{"counts", state::StateKind::kValue, state::ListMode::kNone, manifest.key_schema}, "cf"});
  manifest.tables.push_back({"000012.sst", "0a0b0c0d-0-1-7-00000001", 4096, 17});
  manifest.files.push_back({"CURRENT", "MANIFEST-000005\n"});
  images.push_back(manifest.encode());
  images.push_back(images.back().substr(kHeadBytes));  // What is sealed anew.
  return images;
}

}  // namespace weir::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weir;
  fuzz::read(std::string(fuzz::view(data, size)));
  fuzz::read(fuzz::sealed(fuzz::view(data, size)));
  return 0;
}
