#include "common/zookeeper/leader_address.h"

#include <xxhash.h>

#include "common/base/bytes.h"

namespace weir::zookeeper {
namespace {

constexpr std::string_view kMagic = "WEIRLEAD";
constexpr std::uint8_t kVersion = 1;
constexpr std::size_t kChecksum = 8;

std::uint64_t checksumOf(std::string_view bytes) { return XXH3_64bits(bytes.data(), bytes.size()); }

}  // namespace

std::string encodeLeaderAddress(const LeaderAddress& address) {
  Writer writer;
  writer.putBytes(kMagic.data(), kMagic.size());
  writer.put(kVersion);
  writer.putString(address.rpc);
  writer.putString(address.web);
  writer.put(address.epoch.value());
  writer.put(checksumOf(writer.view()));
  return writer.str();
}

Result<LeaderAddress> decodeLeaderAddress(std::string_view bytes) {
  if (!bytes.starts_with(kMagic) || bytes.size() < kMagic.size() + 1 + kChecksum) {
    return Error(ErrorCode::kCorruption, "what stands there is no address of a leader of Weir");
  }
  if (const auto version = static_cast<std::uint8_t>(bytes[kMagic.size()]); version != kVersion) {
    return Error(ErrorCode::kInvalidArgument,
                 "the address of the leader has the form " + std::to_string(version) +
                     ", and this release knows " + std::to_string(kVersion))
        .advise("run the same release of Weir on all machines");
  }
  const std::string_view body = bytes.substr(0, bytes.size() - kChecksum);
  Reader reader(bytes.substr(kMagic.size() + 1));
  LeaderAddress address;
  address.rpc = reader.getString();
  address.web = reader.getString();
  address.epoch = LeaderEpoch(reader.get<std::uint64_t>());
  const auto checksum = reader.get<std::uint64_t>();
  if (reader.failed() || reader.remaining() != 0 || checksum != checksumOf(body)) {
    return Error(ErrorCode::kCorruption, "the address of the leader contradicts its checksum");
  }
  return address;
}

}  // namespace weir::zookeeper
