#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include <gtest/gtest.h>

#include "common/state/keyed_backend_of.h"
#include "common/state/keyed_state.h"
#include "tests/unit/common/state/fixtures.h"
#include "tests/unit/common/state/record_clock.h"

namespace weir {
namespace {

using state::KeyedBackendOf;
using state::MemoryFile;
using Update = StateTtlConfig::UpdateType;
using Visibility = StateTtlConfig::StateVisibility;

constexpr std::uint32_t kGroups = 128;

StateTtlConfig tenSeconds(Update update = Update::kOnCreateAndWrite,
                          Visibility visibility = Visibility::kNeverReturnExpired) {
  return StateTtlConfig::newBuilder(std::chrono::seconds(10))
      .setUpdateType(update)
      .setStateVisibility(visibility)
      .build();
}

struct Count : AggregateFunction<int, int, int> {
  int createAccumulator() override { return 100; }
  void add(const int& value, int& sum) override { sum += value; }
  int getResult(const int& sum) override { return sum; }
  int merge(const int& a, const int& b) override { return a + b; }
};

struct Function : StateOwner {
  explicit Function(const StateTtlConfig& ttl)
      : value(*this, "value", 7, ttl),
        list(*this, "list", ttl),
        reducing(
            *this, "reducing", [](int a, int b) { return a + b; }, ttl),
        folding(
            *this, "folding", 1000, [](int sum, int more) { return sum + more; }, ttl),
        aggregating(*this, "aggregating", Count{}, ttl),
        map(*this, "map", ttl) {}
  ValueState<std::int64_t> value;
  ListState<std::string> list;
  ReducingState<int> reducing;
  FoldingState<int, int> folding;
  AggregatingState<int, int, int> aggregating;
  MapState<std::string, int> map;
};

/// A function with its backend, at one instant after another of a clock that they share.
struct Subject {
  explicit Subject(state::RecordClock& clock, const StateTtlConfig& ttl = tenSeconds())
      : clock(clock), function(ttl) {
    clock.drive(backend);
    EXPECT_TRUE(function.bindStates(backend).has_value());
    at("a");
  }
  ~Subject() { clock.release(backend); }
  Subject(const Subject&) = delete;
  Subject& operator=(const Subject&) = delete;
  void at(const std::string& key) { backend.setCurrentKey(key); }
  MemoryFile snapshot() {
    backend.endBatch();
    MemoryFile file;
    state::SectionWriter writer(file);
    EXPECT_TRUE(backend.freeze()->write(writer).has_value());
    EXPECT_TRUE(writer.finish().has_value());
    return file;
  }
  Status restore(const MemoryFile& file) {
    const auto reader = state::SectionReader::open(file);
    const Status restored = backend.restore(**reader, {0, kGroups});
    at("a");
    return restored;
  }
  state::RecordClock& clock;
  KeyedBackendOf<std::string> backend{kGroups};
  Function function;
};

std::map<std::string, std::uint64_t> entriesOf(const MemoryFile& file) {
  std::map<std::string, std::uint64_t> entries;
  const auto reader = state::SectionReader::open(file);
  EXPECT_TRUE((*reader)->verify().has_value());
  for (const auto& one : (*reader)->states()) {
    entries[one.name] = one.entries;
  }
  return entries;
}

class TtlStateTest : public testing::Test {
 protected:
  state::RecordClock now_{1'000'000};
};

TEST_F(TtlStateTest, EntriesOfEveryKindAreGoneWhenTheirTimeIsUpAndNotAMillisecondBefore) {
  Subject subject(now_);
  Function& f = subject.function;
  f.value.update(1);
  f.list.add("x");
  f.reducing.add(2);
  f.folding.add(3);
  f.aggregating.add(4);
  f.map.put("m", 5);
  now_ += 9'999;
  EXPECT_EQ(f.value.value(), 1);
  EXPECT_EQ(f.list.get(), std::vector<std::string>{"x"});
  EXPECT_EQ(f.reducing.get(), 2);
  EXPECT_EQ(f.folding.get(), 1003);
  EXPECT_EQ(f.aggregating.get(), 104);
  EXPECT_EQ(f.map.get("m"), 5);
  now_ += 1;
  EXPECT_EQ(f.value.value(), 7);
  EXPECT_TRUE(f.list.get().empty());
  EXPECT_TRUE(f.reducing.empty());
  EXPECT_TRUE(f.folding.empty());
  EXPECT_EQ(f.folding.get(), 1000);
  EXPECT_EQ(f.aggregating.get(), 100);
  EXPECT_EQ(f.map.get("m"), std::nullopt);
  EXPECT_TRUE(f.map.isEmpty());
  subject.backend.endBatch();
  EXPECT_EQ(subject.backend.keyCount(), 0U) << "a key whose state has expired is forgotten";
}

TEST_F(TtlStateTest, WritingBeginsALifeAnewAndReadingDoesSoOnlyWhereItIsToldTo) {
  Subject writes(now_);
  Subject reads(now_, tenSeconds(Update::kOnReadAndWrite));
  for (Subject* subject : {&writes, &reads}) {
    subject->function.value.update(1);
    subject->function.map.put("m", 1);
    subject->function.list.add("x");
  }
  now_ += 9'000;
  for (Subject* subject : {&writes, &reads}) {
    EXPECT_EQ(subject->function.value.value(), 1);
    EXPECT_EQ(subject->function.map.get("m"), 1);
    EXPECT_EQ(subject->function.list.size(), 1U);
  }
  now_ += 9'000;
  EXPECT_EQ(writes.function.value.value(), 7);
  EXPECT_FALSE(writes.function.map.contains("m"));
  EXPECT_EQ(writes.function.list.size(), 0U);
  EXPECT_EQ(reads.function.value.value(), 1);
  EXPECT_TRUE(reads.function.map.contains("m"));
  EXPECT_EQ(reads.function.list.size(), 1U);
  writes.function.value.edit() += 1;
  now_ += 9'000;
  writes.function.value.edit() += 1;
  now_ += 9'000;
  EXPECT_EQ(writes.function.value.value(), 9) << "what is edited is written";
}

TEST_F(TtlStateTest, WhatHasExpiredMayBeSeenOnceWhereThatIsAllowed) {
  Subject subject(now_,
                  tenSeconds(Update::kOnCreateAndWrite, Visibility::kReturnExpiredIfNotCleanedUp));
  Function& f = subject.function;
  f.value.update(1);
  f.list.add("x");
  f.list.add("y");
  f.map.put("m", 5);
  f.reducing.add(2);
  now_ += 20'000;
  EXPECT_EQ(f.value.value(), 1);
  EXPECT_EQ(f.value.value(), 7) << "reading has dropped it";
  EXPECT_EQ(f.list.popFront(), "x");
  EXPECT_EQ(f.list.popFront(), std::nullopt);
  EXPECT_EQ(f.map.get("m"), 5);
  EXPECT_EQ(f.map.get("m"), std::nullopt);
  f.reducing.add(3);
  EXPECT_EQ(f.reducing.get(), 5) << "what is seen is combined with";
}

TEST_F(TtlStateTest, ElementsOfAListAndEntriesOfAMapHaveLivesOfTheirOwn) {
  Subject subject(now_);
  Function& f = subject.function;
  f.list.add("old");
  f.map.put("old", 1);
  now_ += 6'000;
  f.list.add("new");
  f.map.put("new", 2);
  now_ += 6'000;
  EXPECT_EQ(f.list.get(), std::vector<std::string>{"new"});
  EXPECT_EQ(f.map.keys(), std::vector<std::string>{"new"});
  f.map.put("new", 3);
  now_ += 6'000;
  EXPECT_TRUE(f.list.get().empty());
  EXPECT_EQ(f.map.get("new"), 3);
  f.map.remove("new");
  EXPECT_TRUE(f.map.isEmpty());
  f.list.update({"a", "b"});
  EXPECT_EQ(f.list.popFront(), "a");
  EXPECT_EQ(f.list.popFront(), "b");
  EXPECT_EQ(f.list.popFront(), std::nullopt);
}

TEST_F(TtlStateTest, ASnapshotHasNothingThatHasExpiredAndTheClockRunsOnWhileTheJobIsDown) {
  Subject subject(now_);
  subject.function.value.update(1);
  subject.function.list.add("old");
  subject.at("b");
  subject.function.map.put("old", 1);
  now_ += 6'000;
  subject.at("a");
  subject.function.list.add("new");
  subject.function.value.clear();
  now_ += 4'000;
  const MemoryFile file = subject.snapshot();
  EXPECT_EQ(entriesOf(file)["value"], 0U);
  EXPECT_EQ(entriesOf(file)["list"], 1U);
  EXPECT_EQ(entriesOf(file)["map"], 0U) << "nobody has looked at that key";

  Subject soon(now_);
  now_ += 5'999;
  ASSERT_TRUE(soon.restore(file).has_value());
  EXPECT_EQ(soon.function.list.get(), std::vector<std::string>{"new"});
  Subject late(now_);
  now_ += 1;
  ASSERT_TRUE(late.restore(file).has_value());
  EXPECT_TRUE(late.function.list.get().empty());
}

TEST_F(TtlStateTest, WhatTimeHasPassedOverGoesWhileOtherKeysAreUsed) {
  Subject subject(now_);
  for (int i = 0; i < 500; ++i) {
    subject.at("k" + std::to_string(i));
    subject.function.value.update(i);
    subject.backend.endBatch();
  }
  EXPECT_EQ(subject.backend.keyCount(), 500U);
  now_ += 10'000;
  for (int i = 0; i < 300; ++i) {
    subject.at("other");
    subject.function.value.update(i);
    subject.backend.endBatch();
  }
  EXPECT_EQ(subject.backend.keyCount(), 1U);
}

TEST_F(TtlStateTest, ALargeMapCostsABatchNoMoreThanItsShareAndStillGoesByAndBy) {
  Subject subject(now_);
  const int entries = 2'000;
  for (int i = 0; i < entries; ++i) {
    subject.function.map.put(std::to_string(i), i);
  }
  subject.backend.endBatch();
  now_ += 10'000;
  const auto& columns = subject.backend.columns();
  const auto map = std::ranges::find_if(
      columns, [](const auto& column) { return column->info().name == "map"; });
  ASSERT_NE(map, columns.end());
  const auto bytes = [&] { return (*map)->ownedBytes(0); };
  const std::size_t all = bytes();
  std::size_t before = all;
  int batches = 0;
  for (; subject.backend.keyCount() != 0 && batches < 10 * entries; ++batches) {
    subject.backend.endBatch();
    ASSERT_LE(before - std::min(before, bytes()), all / 10) << "in batch " << batches;
    before = bytes();
  }
  EXPECT_EQ(subject.backend.keyCount(), 0U) << "no record has touched the map";
  EXPECT_GT(batches, 50);
}

TEST_F(TtlStateTest, ALongListIsGoneOverInPartsAndWhatItCostIsMadeUpFor) {
  Subject subject(now_);
  for (int i = 0; i < 5'000; ++i) {
    subject.function.list.add(std::to_string(i));
    now_ += 1;
  }
  subject.backend.endBatch();
  now_ += 6'000;  // The first thousand or so have expired.
  for (int i = 0; i < 2'000; ++i) {
    subject.backend.endBatch();
  }
  const MemoryFile file = subject.snapshot();
  EXPECT_EQ(entriesOf(file)["list"], 1U);
  subject.at("a");
  EXPECT_EQ(subject.function.list.get().front(), "1001");
  EXPECT_EQ(subject.function.list.size(), 3'999U);
}

TEST_F(TtlStateTest, ATickDropsWhatHasExpiredWhereNoBatchComesAndIsAskedForWhileThereIsSome) {
  Subject subject(now_);
  std::optional<std::int64_t> asked;
  subject.backend.expiries().setTicker([&](std::int64_t time) { asked = time; });
  ASSERT_TRUE(asked.has_value()) << "something may have been restored";
  const auto tick = [&] {
    now_ = std::exchange(asked, std::nullopt).value();
    subject.backend.expiries().tick();
    subject.backend.endBatch();
  };
  tick();
  EXPECT_FALSE(asked.has_value()) << "nothing expires";
  for (int i = 0; i < 1000; ++i) {
    subject.at("k" + std::to_string(i));
    subject.function.value.update(i);
  }
  subject.backend.endBatch();
  int ticks = 0;
  while (asked && ticks < 100) {
    EXPECT_GE(*asked, now_ + 1000);
    EXPECT_LE(*asked, now_ + 2000);
    tick();
    ++ticks;
  }
  EXPECT_LT(ticks, 20);
  EXPECT_EQ(subject.backend.keyCount(), 0U);
}

TEST_F(TtlStateTest, ATickIsAskedForByAStateThatIsDeclaredLate) {
  KeyedBackendOf<std::string> backend(kGroups);
  backend.setClock([this]() -> std::int64_t { return now_; });
  std::optional<std::int64_t> asked;
  backend.setTicker([&](std::int64_t time) { asked = time; });
  EXPECT_FALSE(asked.has_value()) << "nothing expires";
  const auto dayLong = StateTtlConfig::newBuilder(std::chrono::hours(24)).build();
  ValueStateDescriptor<int> slow("slow", 0);
  slow.enableTimeToLive(dayLong);
  ValueState<int> first(slow);
  ASSERT_TRUE(first.bind(backend).has_value());
  EXPECT_EQ(asked, now_ + 3600 * 1000);
  ValueStateDescriptor<int> fast("fast", 0);
  fast.enableTimeToLive(tenSeconds());
  ValueState<int> second(fast);
  ASSERT_TRUE(second.bind(backend).has_value());
  ASSERT_LE(asked, now_ + 2000);
  backend.setCurrentKey("a");
  second.update(1);
  backend.endBatch();
  for (int ticks = 0; ticks < 20 && backend.keyCount() != 0; ++ticks) {
    now_ = std::max(now_ + 1000, asked.value());
    backend.expiries().tick();
    backend.endBatch();
  }
  EXPECT_EQ(backend.keyCount(), 0U);
}

TEST_F(TtlStateTest, WhatIsTakenFromTheFrontIsGoneAlsoWhereTheClockWentBack) {
  const auto shown = Visibility::kReturnExpiredIfNotCleanedUp;
  Subject subject(now_, tenSeconds(Update::kOnCreateAndWrite, shown));
  ListState<std::string>& list = subject.function.list;
  list.add("late");
  now_ -= 5'000;
  list.add("early");
  list.add("other");
  now_ += 10'000;  // Those that came behind it have expired, and it has not.
  EXPECT_EQ(list.popFront(), "late");
  EXPECT_NE(list.popFront(), "late");
  list.add("more");
  now_ += 10'000;
  list.add("most");
  EXPECT_EQ(list.popFront(), "more") << "expired, and not cleaned up";
  EXPECT_EQ(list.popFront(), "most");
  EXPECT_EQ(list.popFront(), std::nullopt);
}

TEST_F(TtlStateTest, WhatAFunctionHoldsOfAStateStaysWhileItHandlesARecord) {
  Subject subject(now_);
  std::int64_t time = 0;
  subject.backend.setClock([&time] { return time; });
  ListState<std::string>& list = subject.function.list;
  MapState<std::string, int>& map = subject.function.map;
  for (const char* one : {"x", "y", "z"}) {
    list.add(one);
    map.put(one, 1);
  }
  subject.at("a");
  time = 9'999;
  std::size_t seen = 0;
  for (const std::string& one : list) {
    time += 10'000;
    seen += list.size();
    EXPECT_TRUE(map.contains(one));
  }
  EXPECT_EQ(seen, 9U);
  for (const auto& [key, value] : map.entries()) {
    EXPECT_EQ(map.get(key), value);
  }
  subject.at("a");
  EXPECT_EQ(list.size(), 0U);
  EXPECT_TRUE(map.isEmpty());
}

TEST_F(TtlStateTest, AWalkOverAListThatHasExpiredAndIsShownEndsWithIt) {
  Subject subject(now_,
                  tenSeconds(Update::kOnCreateAndWrite, Visibility::kReturnExpiredIfNotCleanedUp));
  ListState<std::string>& list = subject.function.list;
  list.add("x");
  list.add("y");
  now_ += 10'000;
  std::vector<std::string> walked(list.begin(), list.end());
  EXPECT_EQ(walked, (std::vector<std::string>{"x", "y"}));
  EXPECT_EQ(list.begin(), list.end()) << "it is cleaned up";
}

// -------------------------------------------------------------- switched on and off

struct Plain : StateOwner {
  ValueState<std::int64_t> value{*this, "value", 7};
  ListState<std::string> list{*this, "list"};
  MapState<std::string, int> map{*this, "map"};
};

TEST_F(TtlStateTest, SwitchedOnOverARestoreEntriesLiveFromThenOn) {
  KeyedBackendOf<std::string> before(kGroups);
  Plain plain;
  ASSERT_TRUE(plain.bindStates(before).has_value());
  before.setCurrentKey("a");
  plain.value.update(1);
  plain.list.add("x");
  plain.map.put("m", 2);
  MemoryFile file;
  state::SectionWriter writer(file);
  ASSERT_TRUE(before.freeze()->write(writer).has_value());
  ASSERT_TRUE(writer.finish().has_value());

  Subject subject(now_);
  ASSERT_TRUE(subject.restore(file).has_value());
  EXPECT_EQ(subject.function.value.value(), 1);
  EXPECT_EQ(subject.function.list.size(), 1U);
  EXPECT_EQ(subject.function.map.get("m"), 2);
  now_ += 10'000;
  EXPECT_EQ(subject.function.value.value(), 7);
  EXPECT_EQ(subject.function.list.size(), 0U);
  EXPECT_EQ(subject.function.map.get("m"), std::nullopt);

  Subject untouched(now_);
  ASSERT_TRUE(untouched.restore(file).has_value());
  const MemoryFile again = untouched.snapshot();
  EXPECT_EQ(entriesOf(again)["map"], 1U);
  now_ += 10'000;
  Subject after(now_);
  ASSERT_TRUE(after.restore(again).has_value());
  EXPECT_TRUE(after.function.map.isEmpty()) << "the snapshot says when its entries were met";
}

TEST_F(TtlStateTest, SwitchedOffOverARestoreWhatTheSnapshotHasStaysForEver) {
  Subject subject(now_);
  subject.function.value.update(1);
  subject.function.list.add("x");
  subject.function.map.put("m", 2);
  const MemoryFile file = subject.snapshot();

  KeyedBackendOf<std::string> after(kGroups);
  Plain plain;
  ASSERT_TRUE(plain.bindStates(after).has_value());
  const auto reader = state::SectionReader::open(file);
  const Status restored = after.restore(**reader, {0, kGroups});
  ASSERT_TRUE(restored.has_value()) << restored.error().text();
  after.setCurrentKey("a");
  EXPECT_EQ(plain.value.value(), 1);
  EXPECT_EQ(plain.list.get(), std::vector<std::string>{"x"});
  EXPECT_EQ(plain.map.get("m"), 2);
}

TEST_F(TtlStateTest, TheTypeOfWhatExpiresMayWidenAndMayNotBecomeAnother) {
  Subject subject(now_);
  subject.function.map.put("m", 2);
  const MemoryFile file = subject.snapshot();
  const auto reader = state::SectionReader::open(file);

  KeyedBackendOf<std::string> wider(kGroups);
  now_.drive(wider);
  MapState<std::string, std::int64_t> map(
      MapStateDescriptor<std::string, std::int64_t>("map").enableTimeToLive(tenSeconds()));
  ASSERT_TRUE(map.bind(wider).has_value());
  ASSERT_TRUE(wider.restore(**reader, {0, kGroups}).has_value());
  wider.setCurrentKey("a");
  EXPECT_EQ(map.get("m"), 2);
  now_ += 10'000;
  EXPECT_EQ(map.get("m"), std::nullopt);

  KeyedBackendOf<std::string> other(kGroups);
  MapState<std::string, std::string> text{MapStateDescriptor<std::string, std::string>("map")};
  ASSERT_TRUE(text.bind(other).has_value());
  const Status refused = other.restore(**reader, {0, kGroups});
  ASSERT_FALSE(refused.has_value());
  EXPECT_NE(refused.error().text().find("was i32"), std::string::npos) << refused.error().text();
}

// ------------------------------------------------------------------------- misuse

TEST_F(TtlStateTest, ATimeToLiveThatIsNoneIsAnErrorThatNamesTheState) {
  const auto none = StateTtlConfig::newBuilder(std::chrono::milliseconds(0)).build();
  const auto part = StateTtlConfig::newBuilder(std::chrono::microseconds(1500)).build();
  for (const StateTtlConfig& ttl : {none, part}) {
    const Status declared = Function(ttl).checkDeclarations();
    ASSERT_FALSE(declared.has_value());
    EXPECT_NE(declared.error().text().find("state 'value'"), std::string::npos);
    EXPECT_NE(declared.error().text().find("whole positive number of milliseconds"),
              std::string::npos);
    KeyedBackendOf<std::string> backend(kGroups);
    ValueState<int> late(ValueStateDescriptor<int>("late").enableTimeToLive(ttl));
    EXPECT_FALSE(late.bind(backend).has_value());
  }
}

TEST_F(TtlStateTest, OneStateCannotExpireAndLiveForEver) {
  KeyedBackendOf<std::string> backend(kGroups);
  ValueState<int> first(ValueStateDescriptor<int>("s").enableTimeToLive(tenSeconds()));
  ValueState<int> second(ValueStateDescriptor<int>("s"));
  ASSERT_TRUE(first.bind(backend).has_value());
  const Status refused = second.bind(backend);
  ASSERT_FALSE(refused.has_value());
  EXPECT_NE(refused.error().text().find("last access"), std::string::npos);
}

TEST_F(TtlStateTest, WithoutAKeyItSaysSoAsOtherStateDoes) {
  Subject subject(now_);
  subject.backend.endBatch();
  EXPECT_THROW(subject.function.value.value(), state::StateError);
  EXPECT_THROW(subject.function.list.add("x"), state::StateError);
  EXPECT_THROW(subject.function.map.get("x"), state::StateError);
  EXPECT_THROW(subject.function.value.clear(), state::StateError);
}

}  // namespace
}  // namespace weir
