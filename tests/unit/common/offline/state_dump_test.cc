#include "common/offline/state_dump.h"

#include <algorithm>
#include <set>

#include <gmock/gmock.h>

#include "common/fs/memory_file_system.h"
#include "common/offline/snapshot_description.h"
#include "common/windows/window.h"
#include "tests/unit/common/offline/small_savepoint.h"

namespace weir::offline {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class StateDumpTest : public testing::Test {
 protected:
  StateDumpTest() {
    SmallSavepoint(files_, kPath).write({{"alice", 1}, {"bob", -2}, {"carol", 3}}, {10, 20});
  }

  std::string dump(const std::string& state, const std::optional<std::string>& key = {}) {
    return dumpIn(files_, state, key);
  }
  static std::string dumpIn(fs::FileSystem& files,
                            const std::string& state,
                            const std::optional<std::string>& key = {}) {
    const auto opened = openSnapshot(files, kPath, 1 << 20);
    const auto chosen = chooseState(opened->metadata, state);
    if (!chosen) {
      return chosen.error().text();
    }
    std::string lines;
    const Status dumped =
        dumpState(files, opened->metadata, *chosen, key, [&](std::string_view more) {
          lines += more;
          return ok();
        });
    return dumped ? lines : lines + dumped.error().text();
  }

  /// The line of one count in a namespace, of an operator with such windows.
  static std::string lineOf(const state::WindowSchema& windows, const std::string& name_space) {
    fs::MemoryFileSystem files;
    SmallSavepoint one(files, kPath);
    one.windows = windows;
    one.name_space = name_space;
    one.write({{"alice", 1}}, {});
    return dumpIn(files, "counter/seen");
  }

  static constexpr const char* kPath = "file:/save/savepoint-0123456789ab";
  fs::MemoryFileSystem files_;
};

TEST_F(StateDumpTest, ShowsEveryEntryALine) {
  const std::string lines = dump("counter/seen");
  EXPECT_THAT(lines, HasSubstr("{\"key\":\"alice\",\"namespace\":null,\"value\":1}\n"));
  EXPECT_THAT(lines, HasSubstr("{\"key\":\"bob\",\"namespace\":null,\"value\":-2}\n"));
  EXPECT_EQ(std::ranges::count(lines, '\n'), 3);
  EXPECT_EQ(dump("Source/offsets"), "{\"subtask\":0,\"value\":10}\n{\"subtask\":0,\"value\":20}\n");
}

TEST_F(StateDumpTest, TheWindowOfAnEntryStandsBesideItsKey) {
  const record::Schema windows = record::schemaOf<TimeWindow>();
  EXPECT_EQ(lineOf(windows, encodedAs(TimeWindow{-5000, 0})),
            "{\"key\":\"alice\",\"window\":{\"start\":-5000,\"end\":0},\"value\":1}\n");
  EXPECT_EQ(lineOf(windows, ""), "{\"key\":\"alice\",\"window\":null,\"value\":1}\n");
  EXPECT_THAT(lineOf(windows, "\1"), HasSubstr("the window"));
}

TEST_F(StateDumpTest, TheGlobalWindowIsToldFromWhatItsKeyHasBesideIt) {
  const record::Schema windows = state::globalWindow();
  EXPECT_EQ(lineOf(windows, ""), "{\"key\":\"alice\",\"window\":{},\"value\":1}\n");
  EXPECT_EQ(lineOf(windows, "\1"), "{\"key\":\"alice\",\"window\":null,\"value\":1}\n");
}

TEST_F(StateDumpTest, NamespacesThatNobodyHasDescribedAreShownAsBytes) {
  EXPECT_EQ(lineOf({}, "\1"),
            "{\"key\":\"alice\",\"namespace\":{\"$base64\":\"AQ==\"},\"value\":1}\n");
  EXPECT_EQ(lineOf(state::byKeyAlone(), ""),
            "{\"key\":\"alice\",\"namespace\":null,\"value\":1}\n");
}

TEST_F(StateDumpTest, OneKeyIsFoundWithoutReadingTheOthersFiles) {
  const std::string line = "{\"key\":\"bob\",\"namespace\":null,\"value\":-2}\n";
  EXPECT_EQ(dump("counter/seen", "bob"), line);
  EXPECT_EQ(dump("counter/seen", "nobody"), "");
  const auto most = SmallSavepoint::kMaxParallelism;
  const std::uint32_t group = keyGroupOf(keyHash(std::string("bob")), most);
  const std::uint32_t other = 1 - subtaskOf(group, 2, most);
  ASSERT_TRUE(files_.removeFile(fs::join(kPath, SmallSavepoint::fileName(other))).has_value());
  EXPECT_EQ(dump("counter/seen", "bob"), line);
  EXPECT_THAT(dump("counter/seen"), HasSubstr("operator 'counter', state 'seen', subtask"));
  EXPECT_THAT(dump("Source/offsets", "1"), HasSubstr("is not by key"));
}

TEST_F(StateDumpTest, OperatorsGoByUidIdAndNameAndTheNearestIsNamed) {
  EXPECT_EQ(dump("Count per word/seen"), dump("counter/seen"));
  EXPECT_EQ(dump("0000000a000000000000000000000001/seen"), dump("counter/seen"));
  EXPECT_THAT(dump("countr/seen"), HasSubstr("did you mean 'counter'?"));
  EXPECT_THAT(dump("counter/sen"), HasSubstr("did you mean 'seen'?"));
  EXPECT_THAT(dump("counter"), HasSubstr("it is OPERATOR/STATE"));
}

TEST_F(StateDumpTest, TheDescriptionTellsWhereEntriesAre) {
  const auto opened = openSnapshot(files_, kPath, 1 << 20);
  ASSERT_TRUE(opened.has_value());
  const SnapshotDescription description = describe(files_, *opened);
  EXPECT_TRUE(description.self_contained);
  EXPECT_THAT(description.files, SizeIs(2));
  EXPECT_THAT(description.unreadable, IsEmpty());
  ASSERT_THAT(description.operators, SizeIs(2));
  std::set<std::uint32_t> groups;
  for (const char* key : {"alice", "bob", "carol"}) {
    groups.insert(keyGroupOf(keyHash(std::string(key)), SmallSavepoint::kMaxParallelism));
  }
  EXPECT_EQ(description.operators[0].states[0].key_groups, groups.size());
  EXPECT_EQ(description.operators[1].states[0].subtasks, 1U);
}

TEST_F(StateDumpTest, ADescriptionNamesWhatCannotBeRead) {
  ASSERT_TRUE(files_.removeFile(fs::join(kPath, SmallSavepoint::fileName(1))).has_value());
  const auto opened = openSnapshot(files_, kPath, 1 << 20);
  const SnapshotDescription description = describe(files_, *opened);
  EXPECT_THAT(description.unreadable,
              ElementsAre(AllOf(HasSubstr("operator 'counter', subtask 2"),
                                HasSubstr(SmallSavepoint::fileName(1)))));
}

TEST_F(StateDumpTest, AHeapPathIsRefusedWithTheReason) {
  const auto opened = openSnapshot(files_, "jobmanager://savepoints/3", 1 << 20);
  ASSERT_FALSE(opened.has_value());
  EXPECT_THAT(opened.error().text(), HasSubstr("memory of the job manager"));
}

}  // namespace
}  // namespace weir::offline
