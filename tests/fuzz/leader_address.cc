#include "common/zookeeper/leader_address.h"

#include <cstring>

#include <xxhash.h>

#include "tests/fuzz/fuzz.h"

namespace weir::fuzz {
namespace {

void readIt(const std::string& bytes) {
  if (const auto address = zookeeper::decodeLeaderAddress(bytes)) {
    const auto again = zookeeper::decodeLeaderAddress(zookeeper::encodeLeaderAddress(*address));
    check(again && *again == *address, "an address that is read can be written");
  }
}

/// With the checksum that it should have.
std::string sealed(std::string bytes) {
  const std::size_t covered = bytes.size() - sizeof(std::uint64_t);
  const std::uint64_t checksum = XXH3_64bits(bytes.data(), covered);
  std::memcpy(bytes.data() + covered, &checksum, sizeof checksum);
  return bytes;
}

}  // namespace

std::vector<std::string> seeds() {
  return {zookeeper::encodeLeaderAddress({"host:6123", "http://host:8081", LeaderEpoch(7)}),
          zookeeper::encodeLeaderAddress({"[::1]:1", "", LeaderEpoch()})};
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
