#include "common/fs/digest.h"

#include <gtest/gtest.h>

#include "common/fs/memory_file_system.h"

namespace weir::fs {
namespace {

TEST(DigestTest, IsSha256) {  // FIPS 180-2, appendix B.
  EXPECT_EQ(sha256("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(DigestTest, PiecesGiveTheDigestOfTheWholeAndItStartsOver) {
  Sha256 digest;
  for (int i = 0; i < 2; ++i) {
    digest.update("a");
    digest.update("bc");
    EXPECT_EQ(digest.finish(), sha256("abc"));
  }
}

TEST(DigestTest, ReadsLargeFilesInPieces) {
  MemoryFileSystem files;
  const std::string bytes((1 << 20) + 1, 'x');
  ASSERT_TRUE(writeAll(files, "/a", bytes).has_value());
  EXPECT_EQ(*sha256OfFile(files, "/a"), sha256(bytes));
}

}  // namespace
}  // namespace weir::fs
