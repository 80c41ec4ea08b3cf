#include <cstring>

#include "common/fs/memory_file_system.h"
#include "common/record/key_hash.h"
#include "common/snapshot/label_file.h"
#include "tests/fuzz/fuzz.h"

namespace weir::fuzz {
namespace {

constexpr const char* kPath = "/s/label";

void readIt(std::string image) {
  fs::MemoryFileSystem files;
  check(fs::writeAll(files, kPath, image).has_value(), "a file is written");
  const auto label = snapshot::readLabel(files, "/s");
  if (label && snapshot::writeLabel(files, "/s", *label)) {
    const auto again = snapshot::readLabel(files, "/s");
    check(again && *again == *label, "a label that is read can be written");
  }
}

/// With the checksum that it should have.
std::string sealed(std::string image) {
  const std::size_t covered = image.size() - sizeof(std::uint64_t);
  const std::uint64_t checksum = record::xxh3(image.data(), covered);
  std::memcpy(image.data() + covered, &checksum, sizeof checksum);
  return image;
}

}  // namespace

std::vector<std::string> seeds() {
  fs::MemoryFileSystem files;
  std::vector<std::string> images;
  for (const char* text : {"x", "before the m\xc3\xb6ve"}) {
    check(snapshot::writeLabel(files, "/s", text).has_value(), "a label is written");
    images.push_back(*fs::readAll(files, kPath));
    check(snapshot::removeLabel(files, "/s").has_value(), "a label is removed");
  }
  return images;
}

}  // namespace weir::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weir;
  const std::string image(fuzz::view(data, size));
  fuzz::readIt(image);
  if (size >= sizeof(std::uint64_t)) {
    fuzz::readIt(fuzz::sealed(image));
  }
  return 0;
}
