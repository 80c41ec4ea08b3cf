#include "common/program/operator_ids.h"

#include <cctype>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/graph/murmur3.h"

namespace weir::graph {
namespace {

using ::testing::HasSubstr;

struct UidVector {
  std::string uid_hex;
  std::string id;
};

const std::vector<UidVector>& uidVectors() {
  static const std::vector<UidVector> vectors = {
#include "uid_vectors.inc"
  };
  return vectors;
}

std::string fromHex(const std::string& hex) {
  std::string bytes;
  for (std::size_t i = 0; i < hex.size(); i += 2) {
    bytes.push_back(static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16)));
  }
  return bytes;
}

StreamNode node(const std::string& kind, std::vector<std::uint32_t> inputs = {}) {
  StreamNode result;
  result.kind = kind;
  result.name = kind + "-name";
  for (const std::uint32_t source : inputs) {
    StreamEdge edge;
    edge.source = source;
    result.inputs.push_back(edge);
  }
  return result;
}

std::vector<AssignedId> idsOf(const std::vector<StreamNode>& nodes) {
  auto ids = assignIds(nodes);
  EXPECT_TRUE(ids.has_value()) << ids.error().text();
  return *ids;
}

TEST(OperatorIds, OfUidsAreThoseOfFlink) {
  ASSERT_EQ(uidVectors().size(), 68U);
  for (const UidVector& vector : uidVectors()) {
    EXPECT_EQ(idOfUid(fromHex(vector.uid_hex)).hex(), vector.id) << vector.uid_hex;
  }
}

TEST(OperatorIds, DoNotDependOnNamesParallelismOrPartitioning) {
  std::vector<StreamNode> plain{node("source"), node("map", {0})};
  std::vector<StreamNode> changed = plain;
  changed[0].name = "other";
  changed[0].parallelism = 7;
  changed[1].chaining = Chaining::kNever;
  changed[1].inputs[0].partitioning = Partitioning::kShuffle;
  EXPECT_EQ(idsOf(plain)[0].id, idsOf(changed)[0].id);
  EXPECT_EQ(idsOf(plain)[1].id, idsOf(changed)[1].id);
}

TEST(OperatorIds, DependOnKindInputsAndPorts) {
  const auto base = idsOf({node("source"), node("map", {0})});
  EXPECT_NE(base[1].id, idsOf({node("source"), node("filter", {0})})[1].id);
  EXPECT_NE(base[1].id, idsOf({node("other"), node("map", {0})})[1].id);
  EXPECT_NE(base[1].id, idsOf({node("source"), node("map", {0, 0})})[1].id);
  auto other_port = std::vector<StreamNode>{node("source"), node("map", {0})};
  other_port[1].inputs[0].port = 1;
  EXPECT_NE(base[1].id, idsOf(other_port)[1].id);
}

TEST(OperatorIds, StayWhatTheyAreInEveryRelease) {
  const auto ids = idsOf({node("source"), node("map", {0})});
  EXPECT_EQ(ids[0].id.hex(), "7b0a7c96b1a69c26d04cf4aeaa78149a");
  EXPECT_EQ(ids[1].id.hex(), "1fa47362875a127a9b059a224b7fab2b");
}

TEST(OperatorIds, OfEqualStructureAreNumberedAndCounted) {
  const auto ids = idsOf({node("source"), node("map", {0}), node("map", {0}), node("filter", {0})});
  EXPECT_NE(ids[1].id, ids[2].id);
  EXPECT_EQ(ids[1].siblings, 2U);
  EXPECT_EQ(ids[2].siblings, 2U);
  EXPECT_EQ(ids[3].siblings, 1U);
}

TEST(OperatorIds, OfOthersDoNotChangeWhenAUidIsSet) {
  std::vector<StreamNode> nodes{
      node("source"), node("map", {0}), node("map", {0}), node("sink", {1})};
  const auto before = idsOf(nodes);
  nodes[1].uid = "first";
  const auto after = idsOf(nodes);
  EXPECT_EQ(after[1].id, idOfUid("first"));
  EXPECT_EQ(after[0].id, before[0].id);
  EXPECT_EQ(after[2].id, before[2].id);
  EXPECT_EQ(after[2].siblings, before[2].siblings);
  EXPECT_EQ(after[3].id, before[3].id);
}

TEST(OperatorIds, RefuseAnEmptyUid) {
  std::vector<StreamNode> nodes{node("source")};
  nodes[0].uid = "";
  const auto ids = assignIds(nodes);
  ASSERT_FALSE(ids.has_value());
  EXPECT_THAT(ids.error().text(), HasSubstr("'source-name' is empty"));
}

TEST(OperatorIds, RefuseEqualUidsNamingBothOperators) {
  std::vector<StreamNode> nodes{node("source"), node("map", {0})};
  nodes[0].uid = nodes[1].uid = "same";
  const auto ids = assignIds(nodes);
  ASSERT_FALSE(ids.has_value());
  EXPECT_THAT(ids.error().text(), HasSubstr("'same'"));
  EXPECT_THAT(ids.error().text(), HasSubstr("'source-name' and 'map-name'"));
}

TEST(OperatorIds, RefuseAUidThatHashesToAGeneratedId) {
  // By its definition the generated id of a lone source is the hash of these 20 bytes.
  const auto structure = murmur3(std::string_view("source\0", 7));
  std::vector<StreamNode> nodes{node("source"), node("map", {0})};
  nodes[1].uid = std::string(structure.begin(), structure.end()) + std::string(4, '\0');
  const auto ids = assignIds(nodes);
  ASSERT_FALSE(ids.has_value());
  EXPECT_THAT(ids.error().text(), HasSubstr("also that of operator 'source-name'"));
}

}  // namespace
}  // namespace weir::graph
