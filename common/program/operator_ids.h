#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "common/program/stream_graph.h"

namespace weir::graph {

/// The id of an operator with a uid, as Flink 1.0 has it: murmur3 of the bytes.
OperatorId idOfUid(std::string_view uid);

/// The id of an operator and how it came about.
struct AssignedId {
  OperatorId id;
  /// Generated ids: operators of equal structure, this one included. With a uid: 1.
  std::uint32_t siblings = 1;
};

/// Ids of all nodes, by index.
///
/// Without a uid, the id follows from the structure alone: s(n) = murmur3(kind, 0x00, then for each
/// input in order the 16 bytes of s(input) and its port as 4 bytes); nodes of equal s are numbered
/// from 0 in order of creation, those with a uid too, so that setting one changes no other id;
/// id(n) = murmur3(s(n), number as 4 bytes). Numbers are little-endian. An id says nothing of what
/// stands below the operator: snapshots record that beside it (structuresBelow() in below.h).
///
/// Errors: kInvalidArgument for an empty uid, equal uids, and a uid whose hash is the generated id
/// of another operator; both are named.
Result<std::vector<AssignedId>> assignIds(const std::vector<StreamNode>& nodes);

/// "'Count per word'", or the kind of an operator without a name, for messages.
std::string describe(const StreamNode& node);

}  // namespace weir::graph
