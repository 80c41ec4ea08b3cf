#include "taskmanager/worker/checkpoint/restored_state.h"

#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "common/fs/local_file_system.h"
#include "common/fs/uri.h"
#include "common/state/operator_state.h"

namespace weir::worker {
namespace {

using ::testing::HasSubstr;

class Bytes final : public state::ByteSink {
 public:
  Status append(std::string_view bytes) override {
    text.append(bytes);
    return ok();
  }
  std::string text;
};

std::ptrdiff_t openDescriptors() {
  return std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {});
}

class RestoredStateTest : public ::testing::Test {
 protected:
  RestoredStateTest() { std::filesystem::create_directories(directory_); }
  ~RestoredStateTest() override { std::filesystem::remove_all(directory_); }

  /// A file with one section that holds `text`.
  runtime::RestoreSection section(std::uint32_t old_subtask, const std::string& text) {
    Bytes bytes;
    state::SectionWriter writer(bytes);
    EXPECT_TRUE(state::writeOperatorState(
        writer, {state::operatorListInfo<std::string>(), {state::encodeElement(text)}}));
    EXPECT_TRUE(writer.finish());
    const std::string path = directory_ + "/part-" + std::to_string(old_subtask);
    EXPECT_TRUE(fs::writeAll(files_, path, bytes.text));
    runtime::RestoreSection one;
    one.old_subtask = old_subtask;
    one.handle.storage = runtime::SectionHandle::Storage::kFile;
    one.handle.location = fs::toFileUri(path);
    one.handle.size = bytes.text.size();
    return one;
  }

  const std::string directory_ = ::testing::TempDir() + "/restored_" + std::to_string(::getpid());
  fs::LocalFileSystem files_;
};

TEST_F(RestoredStateTest, AListFromManySubtasksHoldsFewFilesOpen) {
  constexpr std::uint32_t kOld = 200;
  std::vector<runtime::RestoreSection> sections;
  for (std::uint32_t subtask = 0; subtask < kOld; ++subtask) {
    sections.push_back(section(subtask, "element " + std::to_string(subtask)));
  }
  runtime::OperatorRestoreOrder order;
  order.old_parallelism = kOld;
  const auto before = openDescriptors();
  const auto restore = openRestore(order, sections, 0, 201, 4096, files_);
  ASSERT_TRUE(restore) << restore.error().text();
  for (std::uint32_t subtask = 0; subtask < kOld; ++subtask) {
    const auto elements = restore->sections.at(subtask).section->readElements(0);
    ASSERT_TRUE(elements) << elements.error().text();
    EXPECT_EQ(elements->at(0), state::encodeElement("element " + std::to_string(subtask)));
    EXPECT_LE(openDescriptors(), before + 10);
  }
}

TEST_F(RestoredStateTest, AFileThatGoesWhileItIsReadIsNamed) {
  runtime::OperatorRestoreOrder order;
  order.old_parallelism = 6;
  std::vector<runtime::RestoreSection> sections;
  for (std::uint32_t subtask = 0; subtask < 6; ++subtask) {
    sections.push_back(section(subtask, "text"));
  }
  const auto restore = openRestore(order, sections, 0, 7, 4096, files_);
  ASSERT_TRUE(restore);
  std::filesystem::remove(directory_ + "/part-0");
  const auto elements = restore->sections[0].section->readElements(0);
  ASSERT_FALSE(elements);
  EXPECT_THAT(elements.error().text(), HasSubstr("/part-0: "));
}

TEST_F(RestoredStateTest, TellsOfEachReadAndPassesOnWhatIsThrownThen) {
  runtime::OperatorRestoreOrder order;
  order.old_parallelism = 1;
  const std::vector<runtime::RestoreSection> sections{section(0, std::string(1000, 'x'))};
  std::uint64_t read = 0;
  const auto restore =
      openRestore(order, sections, 0, 1, 4096, files_, [&](std::uint64_t bytes) { read += bytes; });
  ASSERT_TRUE(restore);
  ASSERT_TRUE(restore->sections[0].section->readElements(0));
  EXPECT_GT(read, 1000U);
  const auto stop = [](std::uint64_t /*bytes*/) { throw functions::CancelledException(); };
  EXPECT_THROW(static_cast<void>(openRestore(order, sections, 0, 1, 4096, files_, stop)),
               functions::CancelledException);
}

}  // namespace
}  // namespace weir::worker
