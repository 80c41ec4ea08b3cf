#include "common/program/operator_ids.h"

#include <map>
#include <unordered_map>

#include "common/graph/murmur3.h"

namespace weir::graph {
namespace {

void append(std::string& bytes, const Bytes16& hash) {
  bytes.append(reinterpret_cast<const char*>(hash.data()), hash.size());
}

void append(std::string& bytes, std::uint32_t number) {
  for (int shift = 0; shift < 32; shift += 8) {
    bytes.push_back(static_cast<char>(number >> shift));
  }
}

std::vector<Bytes16> structures(const std::vector<StreamNode>& nodes) {
  std::vector<Bytes16> hashes;
  hashes.reserve(nodes.size());
  for (const StreamNode& node : nodes) {
    std::string bytes = node.kind;
    bytes.push_back('\0');
    for (const StreamEdge& input : node.inputs) {
      append(bytes, hashes[input.source]);
      append(bytes, input.port);
    }
    hashes.push_back(murmur3(bytes));
  }
  return hashes;
}

std::vector<AssignedId> generatedIds(const std::vector<StreamNode>& nodes) {
  const auto hashes = structures(nodes);
  std::map<Bytes16, std::uint32_t> count;
  std::vector<AssignedId> ids;
  ids.reserve(nodes.size());
  for (const Bytes16& hash : hashes) {
    std::string bytes;
    append(bytes, hash);
    append(bytes, count[hash]++);
    ids.push_back({OperatorId(murmur3(bytes)), 1});
  }
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    ids[i].siblings = count[hashes[i]];
  }
  return ids;
}

}  // namespace

OperatorId idOfUid(std::string_view uid) { return OperatorId(murmur3(uid)); }

std::string describe(const StreamNode& node) {
  return "'" + (node.name.empty() ? node.kind : node.name) + "'";
}

Result<std::vector<AssignedId>> assignIds(const std::vector<StreamNode>& nodes) {
  auto ids = generatedIds(nodes);
  std::unordered_map<OperatorId, std::size_t> taken;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    if (!nodes[i].uid) {
      taken.emplace(ids[i].id, i);
    }
  }
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    if (!nodes[i].uid) {
      continue;
    }
    const std::string& uid = *nodes[i].uid;
    if (uid.empty()) {
      return Error(ErrorCode::kInvalidArgument,
                   "the uid of operator " + describe(nodes[i]) + " is empty")
          .advise("give it at least one character, or leave uid() out");
    }
    ids[i] = {idOfUid(uid), 1};
    const auto [other, fresh] = taken.emplace(ids[i].id, i);
    if (fresh) {
      continue;
    }
    const StreamNode& twin = nodes[other->second];
    if (twin.uid == nodes[i].uid) {
      return Error(ErrorCode::kInvalidArgument,
                   "uid '" + uid + "' is set on two operators, " + describe(twin) + " and " +
                       describe(nodes[i]))
          .advise("a uid is unique in its job: choose another one for either");
    }
    return Error(ErrorCode::kInvalidArgument,
                 "uid '" + uid + "' of operator " + describe(nodes[i]) + " has the id " +
                     ids[i].id.hex() + ", which is also that of operator " + describe(twin))
        .advise("choose another uid");
  }
  return ids;
}

}  // namespace weir::graph
