#include <map>
#include <optional>
#include <string>
#include <unordered_map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/state/entry_digest.h"
#include "common/state/group_check.h"
#include "common/state/keyed_backend_of.h"
#include "common/state/keyed_state.h"
#include "common/state/operator_state.h"
#include "tests/unit/common/state/fixtures.h"

namespace weir::state {

/// A number that is read wrongly when it is 13.
struct Skewed {
  std::int64_t number = 0;
};

}  // namespace weir::state

namespace weir::record {

template <>
struct Codec<state::Skewed> {
  static constexpr bool kSupported = true;
  static void write(const state::Skewed& value, Writer& to) { to.put(value.number); }
  static state::Skewed read(Reader& from) {
    const auto number = from.get<std::int64_t>();
    return {number == 13 ? 14 : number};
  }
  static Schema schema(const TypePath* path) { return Codec<std::int64_t>::schema(path); }
};

}  // namespace weir::record

namespace weir::state {
namespace {

using ::testing::HasSubstr;

constexpr std::uint32_t kMax = 128;
constexpr KeyGroupRange kAll{0, kMax - 1};
using Numbers = ValueStateDescriptor<std::int64_t>;

/// A backend with a fault of the test's choice.
class FaultyBackend final : public KeyedBackend {
 public:
  enum class Fault { kNone, kOneSlotForTwo, kOtherKey, kForgets };
  explicit FaultyBackend(Fault fault)
      : KeyedBackend(record::schemaOf<std::int64_t>(), kMax), fault_(fault) {}

  std::size_t keyCount() const override { return keys_.size(); }
  std::unique_ptr<FrozenState> freeze() override { return nullptr; }
  void writeKey(Slot slot, Writer& to) const override { to.put(keys_[slot]); }
  NamespaceId namespaceAt(Slot /*slot*/) const override { return kNoNamespace; }
  void writeName(Slot /*slot*/, Writer& /*to*/) const override {}
  bool namesHoldKeys() const override { return false; }
  std::size_t keyBytes() const override { return 0; }
  bool keysOwn() const override { return false; }
  std::size_t ownedByKey(Slot /*slot*/) const override { return 0; }
  void fetch(std::span<const EncodedKey> /*keys*/) override {}

 protected:
  Slot slotOfEncoded(std::string_view bytes, NamespaceId /*name_space*/) override {
    Reader from(bytes);
    const auto key = from.get<std::int64_t>();
    if (fault_ == Fault::kOneSlotForTwo && !keys_.empty()) {
      keys_[0] = key;
      return 0;
    }
    keys_.push_back(fault_ == Fault::kOtherKey && key == 5 ? 6 : key);
    groups_.push_back(keyGroupOf(keyHash(key), kMax));
    if (fault_ == Fault::kForgets && keys_.size() == 3) {
      columns()[0]->erase(1);
    }
    return static_cast<Slot>(keys_.size() - 1);
  }
  void prefetchEncoded(std::string_view /*key*/) const override {}
  std::optional<std::uint32_t> groupOfEncoded(std::string_view bytes) const override {
    Reader from(bytes);
    return keyGroupOf(keyHash(from.get<std::int64_t>()), kMax);
  }
  std::uint32_t groupOf(Slot slot) const override {
    return fault_ == Fault::kOtherKey ? groups_[slot]  // As if it were in the same group.
                                      : keyGroupOf(keyHash(keys_[slot]), kMax);
  }
  bool rewritesKeys() const override { return true; }
  void forget(Slot /*slot*/) override {}
  bool exists(Slot slot) const override { return slot < keys_.size(); }
  Slot slotCount() const override { return static_cast<Slot>(keys_.size()); }

 private:
  Fault fault_;
  std::vector<std::int64_t> keys_;
  std::vector<std::uint32_t> groups_;
};

template <typename V>
MemoryFile sectionOf(const std::map<std::int64_t, V>& entries) {
  KeyedBackendOf<std::int64_t> backend(kMax);
  auto* column = *backend.column(ValueStateDescriptor<V>("count"));
  for (const auto& [key, value] : entries) {
    column->set(backend.slotOf(key), value);
  }
  MemoryFile file;
  file.file_name = "/snapshots/state-1";
  SectionWriter writer(file);
  EXPECT_TRUE(backend.freeze()->write(writer).has_value());
  EXPECT_TRUE(writer.finish().has_value());
  return file;
}
const std::map<std::int64_t, std::int64_t> kFew = {{3, 30}, {5, 50}, {9, 90}};

std::string groupOfKey(std::int64_t key) {
  return "key group " + std::to_string(keyGroupOf(keyHash(key), kMax));
}

template <typename V>
std::string errorOfRestore(KeyedBackend& backend, const MemoryFile& file) {
  EXPECT_TRUE(backend.column(ValueStateDescriptor<V>("count")).has_value());
  const auto reader = SectionReader::open(file);
  EXPECT_TRUE(reader.has_value());
  const Status status = backend.restore(**reader, kAll);
  return status.has_value() ? "" : status.error().text();
}
std::string errorWith(FaultyBackend::Fault fault) {
  FaultyBackend backend(fault);
  return errorOfRestore<std::int64_t>(backend, sectionOf(kFew));
}

TEST(RestoreDigestTest, FindsNothingWhereAllIsWell) {
  EXPECT_EQ(errorWith(FaultyBackend::Fault::kNone), "");
}

TEST(RestoreDigestTest, FindsTwoKeysInOneSlot) {
  EXPECT_THAT(errorWith(FaultyBackend::Fault::kOneSlotForTwo),
              ::testing::AllOf(HasSubstr("read /snapshots/state-1: "),
                               HasSubstr("of state 'count' has an entry twice")));
}

TEST(RestoreDigestTest, FindsAKeyThatWasDecodedWrongly) {
  EXPECT_EQ(errorWith(FaultyBackend::Fault::kOtherKey),
            "read /snapshots/state-1: " + groupOfKey(5) +
                " of state 'count' has other entries than were written: their digest is not the "
                "one that was taken then");
}

TEST(RestoreDigestTest, FindsAnEntryThatIsLostInTheTable) {
  EXPECT_EQ(errorWith(FaultyBackend::Fault::kForgets),
            "read /snapshots/state-1: state 'count' has 2 entries after 3 were restored");
}

TEST(RestoreDigestTest, FindsAValueThatWasDecodedWrongly) {
  KeyedBackendOf<std::int64_t> well(kMax);
  EXPECT_EQ(errorOfRestore<Skewed>(well, sectionOf<std::int64_t>({{1, 12}})), "");
  KeyedBackendOf<std::int64_t> backend(kMax);
  EXPECT_THAT(errorOfRestore<Skewed>(backend, sectionOf<std::int64_t>({{1, 12}, {2, 13}})),
              HasSubstr(groupOfKey(2) + " of state 'count' has other entries than were written"));
}

TEST(RestoreDigestTest, FindsAValueThatWasDecodedWronglyWhenItIsAskedForLate) {
  const MemoryFile file = sectionOf<std::int64_t>({{2, 13}});
  const auto reader = SectionReader::open(file);
  KeyedBackendOf<std::int64_t> backend(kMax);
  ASSERT_TRUE(backend.restore(**reader, kAll).has_value());
  const auto late = backend.column(ValueStateDescriptor<Skewed>("count"));
  ASSERT_FALSE(late.has_value());
  EXPECT_THAT(late.error().text(), HasSubstr("state 'count' is not what was written"));
}

TEST(RestoreDigestTest, FindsAnElementThatWasDecodedWrongly) {
  const auto schema = record::schemaOf<Skewed>();
  EXPECT_TRUE(decodeElement<Skewed>(encodeElement(Skewed{12}), schema).has_value());
  EXPECT_FALSE(decodeElement<Skewed>(encodeElement(Skewed{13}), schema).has_value());
}

TEST(RestoreDigestTest, FindsAKeyInAGroupThatIsNotItsOwn) {
  MemoryFile file;
  SectionWriter writer(file);
  const std::uint32_t own = keyGroupOf(keyHash(std::int64_t{3}), kMax);
  ASSERT_TRUE(writer.beginState(infoOf(Numbers("count")), record::schemaOf<std::int64_t>()));
  ASSERT_TRUE(writer.entry(
      (own + 1) % kMax, encodeElement(std::int64_t{3}), "", encodeElement(std::int64_t{30})));
  ASSERT_TRUE(writer.endState());
  ASSERT_TRUE(writer.finish());
  KeyedBackendOf<std::int64_t> backend(kMax);
  EXPECT_EQ(errorOfRestore<std::int64_t>(backend, file),
            "a key of state 'count' was written into key group " +
                std::to_string((own + 1) % kMax) + " and belongs to " + groupOfKey(3));
}

TEST(RestoreDigestTest, FindsAGroupThatComesFromTwoSections) {
  const MemoryFile file = sectionOf(kFew);
  MemoryFile other = sectionOf<std::int64_t>({{5, 50}});
  other.file_name = "/snapshots/state-2";
  KeyedBackendOf<std::int64_t> backend(kMax);
  EXPECT_EQ(errorOfRestore<std::int64_t>(backend, file), "");
  EXPECT_EQ(errorOfRestore<std::int64_t>(backend, other),
            "read /snapshots/state-2: " + groupOfKey(5) +
                " of state 'count' comes a second time: it stands in another section too");
}

TEST(RestoreDigestTest, CountsMigratedValuesAsTheyWereWritten) {
  const MemoryFile file = sectionOf<std::int16_t>({{1, -1}, {2, 2}});
  KeyedBackendOf<std::int64_t> backend(kMax);
  EXPECT_EQ(errorOfRestore<std::int64_t>(backend, file), "");
}

TEST(RestoreDigestTest, RefusesKeysThatChangeTheirGroupsWithTheirType) {
  struct Old {
    std::int64_t a = 0;
  };
  struct Now {
    std::int64_t a = 0;
    std::int64_t b = 0;
  };
  MemoryFile file;
  SectionWriter writer(file);
  ASSERT_TRUE(writer.beginState(infoOf(Numbers("count")), record::schemaOf<Old>()));
  ASSERT_TRUE(writer.entry(keyGroupOf(keyHash(Old{3}), kMax),
                           encodeElement(Old{3}),
                           "",
                           encodeElement(std::int64_t{30})));
  ASSERT_TRUE(writer.endState());
  ASSERT_TRUE(writer.finish());
  KeyedBackendOf<Now> backend(kMax);
  EXPECT_THAT(errorOfRestore<std::int64_t>(backend, file),
              HasSubstr("as the program's type: keys were struct{a: i64} and are struct{a: i64, "
                        "b: i64} now; key the stream as before"));
}

TEST(RestoreDigestTest, AnEntrysHashIsWhatTheFormatSays) {
  const EntryDigest hash(record::schemaOf<std::string>(), record::schemaOf<std::string>());
  const auto of = [](std::string_view bytes) { return record::xxh3(bytes.data(), bytes.size()); };
  for (const std::string_view name_space : {"", "ns"}) {
    const std::uint64_t parts[] = {of("key"), of(name_space), of("value")};
    EXPECT_EQ(hash.of("key", name_space, "value"), record::xxh3(parts, sizeof parts));
  }
}

/// Digests by key group of a map state that has the same content after another history.
std::vector<std::uint64_t> digestsOfMaps(int rounds) {
  using Maps = MapStateDescriptor<std::string, std::int32_t>;
  KeyedBackendOf<std::int64_t> backend(kMax);
  auto* column = *backend.column(Maps("maps"));
  for (std::int64_t key = 0; key < 50; ++key) {
    auto& map = column->edit(backend.slotOf(rounds == 0 ? key : 49 - key));
    for (int i = 0; i < 20 + rounds; ++i) {
      map["k" + std::to_string(rounds == 0 ? i : 19 + rounds - i)] = 7;
    }
    for (int i = 20; i < 20 + rounds; ++i) {
      map.erase("k" + std::to_string(i));
    }
  }
  MemoryFile file;
  SectionWriter writer(file);
  EXPECT_TRUE(backend.freeze()->write(writer).has_value());
  EXPECT_TRUE(writer.finish().has_value());
  const auto reader = SectionReader::open(file);
  EXPECT_TRUE((*reader)->verify().has_value());
  std::vector<std::uint64_t> digests;
  for (const GroupSummary& one : (*reader)->groups(0)) {
    digests.push_back(one.digest);
  }
  KeyedBackendOf<std::int64_t> again(kMax);
  EXPECT_TRUE(again.column(Maps("maps")).has_value());
  EXPECT_TRUE(again.restore(**reader, kAll).has_value());
  return digests;
}

TEST(RestoreDigestTest, EqualContentsHaveEqualDigestsWhateverTheirTablesWentThrough) {
  EXPECT_EQ(digestsOfMaps(0), digestsOfMaps(500));
}

TEST(RestoreDigestTest, ASectionWhoseDigestIsWrongIsCorrupt) {
  const MemoryFile file = sectionOf(kFew);
  const auto reader = SectionReader::open(file);
  const EntryDigest hash(record::schemaOf<std::int64_t>(), record::schemaOf<std::int64_t>());
  GroupCheck check(**reader, 0, kAll);
  for (const auto& [key, value] : kFew) {
    ASSERT_TRUE(check.add(keyGroupOf(keyHash(key), kMax),
                          hash.of(encodeElement(key), "", encodeElement(value + (key == 9)))));
  }
  const Status status = check.finish();
  ASSERT_FALSE(status.has_value());
  EXPECT_EQ(status.error().code(), ErrorCode::kCorruption);
  EXPECT_THAT(status.error().text(), HasSubstr(groupOfKey(9)));
}

}  // namespace
}  // namespace weir::state
