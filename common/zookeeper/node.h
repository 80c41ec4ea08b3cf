#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/base/result.h"

namespace weir::zookeeper {

/// What ZooKeeper knows of a node beside its bytes.
struct NodeStat {
  std::int32_t version = 0;        ///< Raised by every set().
  std::int64_t created_at = 0;     ///< Number of the transaction, ascending in the ensemble.
  std::int64_t changed_at = 0;     ///< Likewise, of the last set().
  std::int64_t owner_session = 0;  ///< Of an ephemeral node; 0: none.
};

struct Node {
  std::string data;
  NodeStat stat;
};

enum class Lifetime : std::uint8_t { kPersistent, kEphemeral, kEphemeralSequential };

/// Any version.
inline constexpr std::int32_t kAnyVersion = -1;

/// A part of a multi: all of them are done, or none.
struct Operation {
  enum class Kind : std::uint8_t { kCheck, kCreate, kSet, kRemove };
  Kind kind = Kind::kCheck;
  std::string path;
  std::string data = {};
  std::int32_t version = kAnyVersion;
  Lifetime lifetime = Lifetime::kPersistent;

  static Operation check(std::string path, std::int32_t version) {
    return {Kind::kCheck, std::move(path), {}, version};
  }
  static Operation create(std::string path, std::string data, Lifetime lifetime = {}) {
    return {Kind::kCreate, std::move(path), std::move(data), kAnyVersion, lifetime};
  }
  static Operation set(std::string path, std::string data, std::int32_t version = kAnyVersion) {
    return {Kind::kSet, std::move(path), std::move(data), version};
  }
  static Operation remove(std::string path, std::int32_t version = kAnyVersion) {
    return {Kind::kRemove, std::move(path), {}, version};
  }
};

struct MultiReply {
  std::optional<Error> error;   ///< None: all was done.
  std::size_t failed = 0;       ///< Index of the operation that was refused, where one was.
  std::vector<NodeStat> stats;  ///< Of each operation; of sets alone it says something.
};

}  // namespace weir::zookeeper
