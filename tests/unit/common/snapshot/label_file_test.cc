#include "common/snapshot/label_file.h"

#include <gtest/gtest.h>

#include "common/fs/memory_file_system.h"
#include "common/fs/uri.h"
#include "common/snapshot/layout.h"

namespace weir::snapshot {
namespace {

class LabelFileTest : public testing::Test {
 protected:
  std::string label() {
    const auto read = readLabel(files_, "/s");
    return read ? *read : "error: " + read.error().message();
  }

  fs::MemoryFileSystem files_;
};

TEST_F(LabelFileTest, HoldsTheLastTextUntilItIsRemoved) {
  EXPECT_EQ(label(), "");
  ASSERT_TRUE(writeLabel(files_, "/s", "before the m\xc3\xb6ve").has_value());
  EXPECT_EQ(label(), "before the m\xc3\xb6ve");
  ASSERT_TRUE(writeLabel(files_, "/s", "after").has_value());
  EXPECT_EQ(label(), "after");
  ASSERT_TRUE(removeLabel(files_, "/s").has_value());
  ASSERT_TRUE(removeLabel(files_, "/s").has_value());
  EXPECT_EQ(label(), "");
}

TEST_F(LabelFileTest, RefusesWhatIsNoLineOfText) {
  for (const std::string& text : {std::string(),
                                  std::string("a\nb"),
                                  std::string("\xff"),
                                  std::string("a\x1b[2J"),
                                  std::string(kMostLabelBytes + 1, 'x')}) {
    EXPECT_FALSE(writeLabel(files_, "/s", text).has_value()) << text;
  }
  EXPECT_TRUE(writeLabel(files_, "/s", std::string(kMostLabelBytes, 'x')).has_value());
}

TEST_F(LabelFileTest, EveryFlippedOrMissingByteIsFound) {
  ASSERT_TRUE(writeLabel(files_, "/s", "label").has_value());
  const std::string path = fs::join("/s", kLabel);
  const std::string whole = *fs::readAll(files_, path);
  for (std::size_t at = 0; at < whole.size(); ++at) {
    std::string flipped = whole;
    flipped[at] = static_cast<char>(flipped[at] ^ 1);
    ASSERT_TRUE(files_.corrupt(path, flipped).has_value());
    EXPECT_TRUE(label().starts_with("error: ")) << at;
    ASSERT_TRUE(files_.corrupt(path, whole.substr(0, at)).has_value());
    EXPECT_TRUE(label().starts_with("error: ")) << at;
  }
}

TEST_F(LabelFileTest, NoFileOfStateHasItsName) { EXPECT_FALSE(isStateFileName(kLabel)); }

}  // namespace
}  // namespace weir::snapshot
