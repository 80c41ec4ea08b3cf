#include <cstring>

#include "jobmanager/ha/zookeeper/node_format.h"
#include "tests/fuzz/fuzz.h"

namespace weir::fuzz {
namespace {

void readIt(const std::string& bytes) {
  if (const auto term = ha::decodeTerm(bytes)) {
    const auto again = ha::decodeTerm(ha::encodeTerm(*term));
    check(again && *again == *term, "a term that is read can be written");
  }
  if (const auto node = ha::decodeRecordNode(bytes)) {
    const auto again = ha::decodeRecordNode(ha::encodeRecordNode(*node));
    check(again && *again == *node, "a record that is read can be written");
  }
  const auto file = ha::decodeRecordFile(bytes);
  check(!file || ha::rootOfRecordFile(bytes) == file->root, "a file says at once whose it is");
}

/// With the checksum that it should have.
std::string sealed(std::string bytes) {
  const std::size_t covered = bytes.size() - sizeof(std::uint64_t);
  const std::uint64_t checksum = ha::checksumOf(std::string_view(bytes).substr(0, covered));
  std::memcpy(bytes.data() + covered, &checksum, sizeof checksum);
  return bytes;
}

}  // namespace

std::vector<std::string> seeds() {
  return {ha::encodeTerm({LeaderEpoch(7), 42, "token", "holder"}),
          ha::encodeRecordNode({.record = "a record", .file = "", .size = 0, .checksum = 0}),
          ha::encodeRecordNode({.record = "", .file = "record-1-a", .size = 3, .checksum = 9}),
          ha::encodeRecordFile("/flink", "a record")};
}

}  // namespace weir::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weir;
  const std::string bytes(fuzz::view(data, size));
  fuzz::readIt(bytes);
  if (size >= sizeof(std::uint64_t)) {
    fuzz::readIt(fuzz::sealed(bytes));
  }
  return 0;
}
