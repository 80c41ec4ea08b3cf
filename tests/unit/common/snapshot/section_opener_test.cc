#include "common/snapshot/section_opener.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/fs/memory_file_system.h"
#include "common/state/operator_state.h"

namespace weir::snapshot {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class Bytes final : public state::ByteSink {
 public:
  Status append(std::string_view bytes) override {
    text.append(bytes);
    return ok();
  }
  std::string text;
};

std::string sectionOf(const std::string& element) {
  Bytes bytes;
  state::SectionWriter writer(bytes);
  EXPECT_TRUE(state::writeOperatorState(
      writer, {state::operatorListInfo<std::string>(), {state::encodeElement(element)}}));
  EXPECT_TRUE(writer.finish());
  return bytes.text;
}

class SectionOpenerTest : public ::testing::Test {
 protected:
  /// A handle of `size` bytes behind four others in a file.
  runtime::SectionHandle inFile(const std::string& path, std::uint64_t size) {
    runtime::SectionHandle handle;
    handle.storage = runtime::SectionHandle::Storage::kFile;
    handle.location = path;
    handle.offset = 4;
    handle.size = size;
    return handle;
  }

  const std::string section_ = sectionOf("seven");
  fs::MemoryFileSystem files_;
  SectionOpener opener_{files_};
};

TEST_F(SectionOpenerTest, ReadsWhatStandsInTheHandleAndWhatStandsInAFileAlike) {
  runtime::SectionHandle inline_handle;
  inline_handle.storage = runtime::SectionHandle::Storage::kInline;
  inline_handle.bytes = section_;
  inline_handle.size = section_.size();
  ASSERT_TRUE(fs::writeAll(files_, "/d/part", "rest" + section_ + "more"));
  for (const auto& handle : {inline_handle, inFile("file:/d/part", section_.size())}) {
    const auto opened = opener_.open(handle);
    ASSERT_TRUE(opened) << opened.error().text();
    EXPECT_THAT(*(*opened)->readElements(0),
                ElementsAre(state::encodeElement(std::string("seven"))));
  }
}

TEST_F(SectionOpenerTest, NamesAFileThatIsShorterThanItsSnapshotSays) {
  ASSERT_TRUE(fs::writeAll(files_, "/d/part", "rest" + section_));
  const auto opened = opener_.open(inFile("file:/d/part", section_.size() + 1));
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code(), ErrorCode::kCorruption);
  EXPECT_THAT(opened.error().text(), HasSubstr("file:/d/part"));
}

TEST_F(SectionOpenerTest, OpensNoFileThatNoSnapshotNamesLikeThat) {
  for (const char* name : {"/d/metadata", "/d/.hidden", "/d/in-use-0", "/d/"}) {
    EXPECT_EQ(opener_.open(inFile(name, 1)).error().code(), ErrorCode::kInvalidArgument) << name;
  }
}

}  // namespace
}  // namespace weir::snapshot
