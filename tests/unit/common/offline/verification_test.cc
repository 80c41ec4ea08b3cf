#include "common/offline/verification.h"

#include <gmock/gmock.h>

#include "common/fs/memory_file_system.h"
#include "common/snapshot/label_file.h"
#include "common/snapshot/savepoints.h"
#include "common/snapshot/section_opener.h"
#include "common/snapshot/state_files.h"
#include "tests/unit/common/offline/small_savepoint.h"

namespace weir::offline {
namespace {

using testing::AllOf;
using testing::Each;
using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr const char* kPath = "file:/save/savepoint-0123456789ab";

class VerificationTest : public testing::Test {
 protected:
  VerificationTest() { savepoint_.write({{"alice", 1}, {"bob", 2}, {"carol", 3}}, {10, 20}); }

  Verification found() {
    auto verified = verify(files_, kPath, {});
    EXPECT_TRUE(verified.has_value()) << verified.error().message();
    return verified ? *std::move(verified) : Verification{};
  }

  /// What a restore does with the bytes: looks at all files, and reads all state.
  Status restore() {
    WEIR_TRY(const auto opened, snapshot::openWhole(files_, kPath));
    snapshot::SectionOpener opener(files_);
    for (const runtime::SavedOperator& op : opened.metadata.operators) {
      for (const runtime::SubtaskState& subtask : op.subtasks) {
        WEIR_TRY(const auto section,
                 opener.open(snapshot::resolve(opened.metadata, subtask.handle)));
        for (std::size_t at = 0; at < section->states().size(); ++at) {
          if (isKeyed(section->states()[at].kind)) {
            WEIR_RETURN_IF_ERROR(section->readKeyed(at, {0, 7}, [](const auto&) { return ok(); }));
          } else {
            WEIR_RETURN_IF_ERROR(section->readElements(at));
          }
        }
      }
    }
    return ok();
  }

  std::vector<std::string> names() const {
    return {"metadata", SmallSavepoint::fileName(0), SmallSavepoint::fileName(1)};
  }

  fs::MemoryFileSystem files_;
  SmallSavepoint savepoint_{files_, kPath};
};

TEST_F(VerificationTest, WhatWasWrittenIsIntact) {
  const Verification verified = found();
  EXPECT_THAT(verified.damages, IsEmpty());
  EXPECT_EQ(verified.files, 3U);
  EXPECT_EQ(verified.sections, 3U);
  EXPECT_TRUE(restore().has_value());
}

TEST_F(VerificationTest, EveryFlippedByteIsFoundAndNoRestoreAcceptsIt) {
  for (const std::string& name : names()) {
    const std::string path = fs::join(kPath, name);
    const std::string whole = *fs::readAll(files_, path);
    for (std::size_t at = 0; at < whole.size(); ++at) {
      std::string flipped = whole;
      flipped[at] = static_cast<char>(flipped[at] ^ (1 << at % 8));
      ASSERT_TRUE(files_.corrupt(path, flipped).has_value());
      const Verification verified = found();
      ASSERT_THAT(verified.damages, Not(IsEmpty())) << name << " at " << at;
      EXPECT_THAT(verified.damages, Each(Field(&Damage::file, HasSubstr(name))));
      if (name != "metadata") {
        EXPECT_THAT(verified.damages, Each(Field(&Damage::operator_name, HasSubstr("counter"))));
      }
      const Status restored = restore();
      ASSERT_FALSE(restored.has_value()) << name << " at " << at;
      EXPECT_THAT(restored.error().message(), HasSubstr(name)) << at;
    }
    ASSERT_TRUE(files_.corrupt(path, whole).has_value());
  }
}

TEST_F(VerificationTest, EveryTruncationIsFoundAndNoRestoreAcceptsIt) {
  for (const std::string& name : names()) {
    const std::string path = fs::join(kPath, name);
    const std::string whole = *fs::readAll(files_, path);
    for (std::size_t size = 0; size < whole.size(); ++size) {
      ASSERT_TRUE(files_.corrupt(path, whole.substr(0, size)).has_value());
      ASSERT_THAT(found().damages, Not(IsEmpty())) << name << " cut to " << size;
      const Status restored = restore();
      ASSERT_FALSE(restored.has_value()) << name << " cut to " << size;
      EXPECT_THAT(restored.error().message(), HasSubstr(name)) << size;
    }
    ASSERT_TRUE(files_.corrupt(path, whole).has_value());
  }
}

TEST_F(VerificationTest, AllDamageIsListedNotOnlyTheFirst) {
  ASSERT_TRUE(files_.removeFile(fs::join(kPath, SmallSavepoint::fileName(0))).has_value());
  ASSERT_TRUE(files_.truncate(fs::join(kPath, SmallSavepoint::fileName(1)), 30).has_value());
  EXPECT_THAT(found().damages,
              ElementsAre(AllOf(Field(&Damage::file, HasSubstr(SmallSavepoint::fileName(0))),
                                Field(&Damage::operator_name, "counter, subtask 1")),
                          AllOf(Field(&Damage::file, HasSubstr(SmallSavepoint::fileName(1))),
                                Field(&Damage::operator_name, "counter, subtask 2"))));
}

TEST_F(VerificationTest, AFileOfAnotherSavepointIsFound) {
  fs::MemoryFileSystem others;
  SmallSavepoint(others, kPath).write({{"alice", 4}, {"bob", 5}, {"carol", 6}}, {10, 20});
  const std::string path = fs::join(kPath, SmallSavepoint::fileName(0));
  ASSERT_TRUE(files_.corrupt(path, *fs::readAll(others, path)).has_value());
  EXPECT_THAT(found().damages, SizeIs(1));
}

TEST_F(VerificationTest, AKeyThatLiesWhereItDoesNotBelongIsFound) {
  runtime::CheckpointMetadata swapped = savepoint_.metadata;
  std::swap(swapped.operators[0].subtasks[0].handle, swapped.operators[0].subtasks[1].handle);
  ASSERT_TRUE(files_.removeFile(fs::join(kPath, "metadata")).has_value());
  swapped.operators[0].states[0].entries = 4;
  ASSERT_TRUE(snapshot::writeMetadata(files_, kPath, swapped).has_value());
  EXPECT_THAT(found().damages, Contains(Field(&Damage::what, HasSubstr("is not its subtask's"))));
}

TEST_F(VerificationTest, ProgressEndsItAndReachesTheTotal) {
  VerificationSettings settings;
  std::uint64_t last = 0;
  settings.progress = [&](std::uint64_t read, std::uint64_t total) {
    last = read;
    EXPECT_LE(read, total);
    return true;
  };
  EXPECT_TRUE(verify(files_, kPath, settings).has_value());
  EXPECT_EQ(last, savepoint_.metadata.bytes());
  settings.progress = [](std::uint64_t, std::uint64_t) { return false; };
  EXPECT_EQ(verify(files_, kPath, settings).error().code(), ErrorCode::kCancelled);
}

TEST_F(VerificationTest, BytesThatBelongToNoSectionAreTold) {
  const std::string path = fs::join(kPath, SmallSavepoint::fileName(0));
  const std::string bytes = *fs::readAll(files_, path);
  ASSERT_TRUE(files_.corrupt(path, bytes + "more"));
  const std::string at_end = "4 bytes at offset " + std::to_string(bytes.size());
  EXPECT_THAT(found().damages,
              ElementsAre(AllOf(Field(&Damage::file, HasSubstr(SmallSavepoint::fileName(0))),
                                Field(&Damage::what, HasSubstr(at_end)))));
  ASSERT_TRUE(files_.corrupt(path, "more" + bytes));
  savepoint_.metadata.operators[0].subtasks[0].handle.offset = 4;
  ASSERT_TRUE(files_.removeFile(fs::join(kPath, "metadata")));
  ASSERT_TRUE(snapshot::writeMetadata(files_, kPath, savepoint_.metadata));
  EXPECT_THAT(found().damages, ElementsAre(Field(&Damage::what, HasSubstr("4 bytes at offset 0"))));
}

TEST_F(VerificationTest, ADamagedLabelIsTold) {
  ASSERT_TRUE(snapshot::writeLabel(files_, kPath, "before the move"));
  EXPECT_THAT(found().damages, IsEmpty());
  ASSERT_TRUE(files_.truncate(fs::join(kPath, "label"), 9));
  EXPECT_THAT(found().damages,
              ElementsAre(AllOf(Field(&Damage::file, HasSubstr("label")),
                                Field(&Damage::what, HasSubstr("not as it was written")))));
}

}  // namespace
}  // namespace weir::offline
