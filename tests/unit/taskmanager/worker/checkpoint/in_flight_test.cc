#include "taskmanager/worker/checkpoint/in_flight.h"

#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weir::worker {
namespace {

using ::testing::HasSubstr;

class Bytes final : public state::ByteSink, public state::ByteSource {
 public:
  Status append(std::string_view bytes) override {
    text.append(bytes);
    return ok();
  }
  std::uint64_t size() const override { return text.size(); }
  Result<std::string> read(std::uint64_t offset, std::uint64_t length) const override {
    return text.substr(offset, length);
  }
  std::string text;
};

class FrozenList final : public state::FrozenState {
 public:
  Status write(state::SectionWriter& to) const override {
    return state::writeOperatorState(
        to, {state::operatorListInfo<std::string>(), {state::encodeElement(std::string("own"))}});
  }
  std::function<void()> onAbandoned() const override {
    return [] {};
  }
};

std::string bytesOf(const functions::Buffer& buffer) {
  return {reinterpret_cast<const char*>(buffer.data()), buffer.size()};
}

std::string describe(const OvertakenElement& one) {
  const auto* buffer = std::get_if<functions::Buffer>(&one.element);
  return std::to_string(one.producer) + ": " +
         (buffer != nullptr
              ? bytesOf(*buffer)
              : std::to_string(
                    std::get<functions::Watermark>(std::get<functions::Signal>(one.element)).time));
}

InFlightRecords someRecords(std::mt19937_64& random) {
  InFlightRecords records;
  records.edge = {"in-flight/0/ab",
                  graph::Partitioning::kRebalance,
                  static_cast<std::uint32_t>(random() % 100),
                  record::schemaOf<std::pair<std::string, int>>()};
  for (std::uint64_t i = random() % 40; i > 0; --i) {
    OvertakenElement& one = records.elements.emplace_back();
    one.producer = static_cast<std::uint32_t>(random());
    if (random() % 4 == 0) {
      one.element = functions::Signal(functions::Watermark{static_cast<std::int64_t>(random())});
      continue;
    }
    std::string bytes(random() % 70'000, '\0');
    for (char& byte : bytes) {
      byte = static_cast<char>(random());
    }
    one.element = functions::copyOf(std::as_bytes(std::span(bytes)));
  }
  return records;
}

Bytes sectionOf(std::vector<InFlightRecords> records, std::unique_ptr<state::FrozenState> state) {
  Bytes bytes;
  state::SectionWriter writer(bytes);
  EXPECT_TRUE(withInFlight(std::move(state), records)->write(writer));
  EXPECT_TRUE(writer.finish());
  return bytes;
}

TEST(InFlightTest, ComesBackAsItWasInTheOrderOfItsChannels) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    std::mt19937_64 random(seed);
    std::vector<InFlightRecords> written;
    written.push_back(someRecords(random));
    std::vector<std::string> before;
    for (const OvertakenElement& one : written[0].elements) {
      before.push_back(describe(one));
    }
    const InFlightEdge edge = written[0].edge;
    const std::uint64_t size = written[0].bytes();
    const Bytes bytes = sectionOf(std::move(written), nullptr);
    const auto section = state::SectionReader::open(bytes);
    ASSERT_TRUE(section);
    ASSERT_TRUE((*section)->verify());
    const auto read = decodeInFlight(**section, 0);
    ASSERT_TRUE(read) << seed;
    std::vector<std::string> after;
    for (const OvertakenElement& one : read->elements) {
      after.push_back(describe(one));
    }
    EXPECT_EQ(after, before) << seed;
    EXPECT_EQ(read->edge.name, edge.name);
    EXPECT_EQ(read->edge.partitioning, edge.partitioning);
    EXPECT_EQ(read->edge.producers, edge.producers);
    EXPECT_TRUE(read->edge.schema == edge.schema);
    EXPECT_EQ(read->bytes(), size);
  }
}

struct Narrow {
  std::int32_t n = 0;
  std::string s;
};
struct Wide {
  std::string s;
  double added = 0.5;
  std::int64_t n = 0;
};
struct Nothing {};

template <typename T>
void append(functions::Buffer& buffer, const T& record, std::int64_t timestamp) {
  Writer to;
  to.putBytes(reinterpret_cast<const char*>(buffer.data()), buffer.size());
  record::write(record, to);
  to.put(timestamp);
  buffer = functions::copyOf(std::as_bytes(std::span(to.view())));
}

TEST(InFlightTest, RecordsMigrateWithTheirTimestamps) {
  functions::Buffer buffer = functions::copyOf(std::as_bytes(std::span("\x01", 1)));
  append(buffer, Narrow{-7, "seven"}, 70);
  append(buffer, Narrow{8, ""}, 80);
  InFlightRecords records;
  records.edge.schema = record::schemaOf<Narrow>();
  records.elements.push_back({3, std::move(buffer)});
  records.elements.push_back({4, functions::Signal(functions::Watermark{5})});
  ASSERT_TRUE(migrateInFlight(records, record::schemaOf<Wide>()));
  const std::string bytes = bytesOf(std::get<functions::Buffer>(records.elements[0].element));
  Reader from(bytes);
  EXPECT_EQ(from.get<std::uint8_t>(), 1);
  const auto first = record::read<Wide>(from);
  EXPECT_EQ(first.n, -7);
  EXPECT_EQ(first.s, "seven");
  EXPECT_EQ(first.added, 0.5);
  EXPECT_EQ(from.get<std::int64_t>(), 70);
  EXPECT_EQ(record::read<Wide>(from).n, 8);
  EXPECT_EQ(from.get<std::int64_t>(), 80);
  EXPECT_EQ(from.remaining(), 0U);
  EXPECT_FALSE(from.failed());
  EXPECT_EQ(describe(records.elements[1]), "4: 5");
  EXPECT_TRUE(records.edge.schema == record::schemaOf<Wide>());
}

TEST(InFlightTest, ARecordWithoutContentsStaysOneWhenItsTypeGrows) {
  InFlightRecords records;
  records.edge.schema = record::schemaOf<Nothing>();
  records.elements.push_back({0, functions::copyOf(std::as_bytes(std::span("\0\0\0", 3)))});
  ASSERT_TRUE(migrateInFlight(records, record::schemaOf<Wide>()));
  const std::string bytes = bytesOf(std::get<functions::Buffer>(records.elements[0].element));
  Reader from(bytes);
  (void)from.get<std::uint8_t>();
  EXPECT_EQ(record::read<Wide>(from).added, 0.5);
  EXPECT_EQ(record::read<Wide>(from).added, 0.5);
  EXPECT_EQ(from.remaining(), 0U);
}

TEST(InFlightTest, DamagedRecordsDoNotMigrate) {
  InFlightRecords records;
  records.edge.schema = record::schemaOf<Narrow>();
  records.elements.push_back({0, functions::copyOf(std::as_bytes(std::span("\0abc", 4)))});
  const Status migrated = migrateInFlight(records, record::schemaOf<Wide>());
  ASSERT_FALSE(migrated);
  EXPECT_EQ(migrated.error().code(), ErrorCode::kCorruption);
}

TEST(InFlightTest, TheSectionTellsTheTypeOfItsRecords) {
  std::mt19937_64 random(7);
  std::vector<InFlightRecords> records;
  records.push_back(someRecords(random));
  const record::Schema schema = records[0].edge.schema;
  const Bytes bytes = sectionOf(std::move(records), nullptr);
  const auto section = state::SectionReader::open(bytes);
  ASSERT_TRUE(section);
  EXPECT_TRUE((*section)->states()[0].key_schema == schema);
}

TEST(InFlightTest, StandsBesideTheOperatorsOwnStateWhichDoesNotSeeIt) {
  std::mt19937_64 random(7);
  std::vector<InFlightRecords> records;
  records.push_back(someRecords(random));
  const Bytes bytes = sectionOf(std::move(records), std::make_unique<FrozenList>());
  const auto section = state::SectionReader::open(bytes);
  ASSERT_TRUE(section);
  const auto own = state::readOperatorStates(**section);
  ASSERT_TRUE(own);
  ASSERT_EQ(own->size(), 1U);
  EXPECT_EQ(own->front().info.name, state::kCheckpointedName);
  EXPECT_GE((*section)->find("in-flight/0/ab", state::StateKind::kInFlight), 0);
}

TEST(InFlightTest, HandlesOfTheOperatorsStateAreDiscardedAllTheSame) {
  EXPECT_TRUE(withInFlight(std::make_unique<FrozenList>(), {})->onAbandoned());
  EXPECT_FALSE(withInFlight(nullptr, {})->onAbandoned());
}

TEST(InFlightTest, ElementsThatAreNeitherRecordsNorAWatermarkAreCorruption) {
  state::OperatorState state = encodeInFlight({{"in-flight/0/ab", {}, 1, {}}, {}});
  state.elements.push_back(state::encodeElement(std::string("\x09xxxxxxxx")));
  Bytes bytes;
  state::SectionWriter writer(bytes);
  ASSERT_TRUE(state::writeOperatorState(writer, state));
  ASSERT_TRUE(writer.finish());
  const auto section = state::SectionReader::open(bytes);
  const auto read = decodeInFlight(**section, 0);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code(), ErrorCode::kCorruption);
  EXPECT_THAT(read.error().text(), HasSubstr("in-flight/0/ab"));
}

}  // namespace
}  // namespace weir::worker
