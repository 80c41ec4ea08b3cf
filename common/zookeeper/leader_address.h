#pragma once

#include <string>
#include <string_view>

#include "common/base/ids.h"
#include "common/base/result.h"

namespace weir::zookeeper {

/// Where the job manager that leads is reached, as it says so of itself.
struct LeaderAddress {
  std::string rpc;  ///< host:port
  std::string web;  ///< URL of its HTTP; empty: it has none.
  LeaderEpoch epoch;
  bool operator==(const LeaderAddress&) const = default;
};

/// As it stands in ZooKeeper: magic, version, fields, checksum.
std::string encodeLeaderAddress(const LeaderAddress& address);
/// kCorruption for bytes that Weir has not written, kInvalidArgument for those of a newer release.
Result<LeaderAddress> decodeLeaderAddress(std::string_view bytes);

}  // namespace weir::zookeeper
