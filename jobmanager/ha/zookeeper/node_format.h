#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/ids.h"
#include "common/base/result.h"

/// What the nodes of ZooKeeper and the files beside it hold; zookeeper_format.md has the layout.
/// kCorruption for bytes that contradict their checksum or that Weir has not written;
/// kInvalidArgument for a newer release's.
namespace weir::ha {

/// Who writes: each write raises `writes` of the one node, and the node's version with it.
struct TermNode {
  LeaderEpoch epoch;
  std::uint64_t writes = 0;
  std::string token;   ///< Of the process that raised the epoch.
  std::string holder;  ///< The same for people.
  bool operator==(const TermNode&) const = default;
};
std::string encodeTerm(const TermNode& term);
Result<TermNode> decodeTerm(std::string_view bytes);

/// One record: in the node itself, or in a file that it points to.
struct RecordNode {
  std::string record;  ///< Where it is small.
  std::string file;    ///< Else the name of its file, and what that holds:
  std::uint64_t size = 0;
  std::uint64_t checksum = 0;
  bool operator==(const RecordNode&) const = default;
};
std::string encodeRecordNode(const RecordNode& node);
Result<RecordNode> decodeRecordNode(std::string_view bytes);

std::uint64_t checksumOf(std::string_view bytes);

/// A file of a record: of which cluster, and the record.
std::string encodeRecordFile(std::string_view root, std::string_view record);
struct RecordFile {
  std::string_view root;
  std::string_view record;
};
/// Views of `bytes`.
Result<RecordFile> decodeRecordFile(std::string_view bytes);
/// The root of a file of which only the beginning was read; empty for what is none.
std::string_view rootOfRecordFile(std::string_view beginning);

}  // namespace weir::ha
