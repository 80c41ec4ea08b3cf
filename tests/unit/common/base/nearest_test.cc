#include "common/base/nearest.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

TEST(NearestTest, CountsInsertedDeletedReplacedAndSwappedLetters) {
  EXPECT_EQ(editDistance("savepiont", "savepoint"), 1U);
  EXPECT_EQ(editDistance("", "run"), 3U);
  EXPECT_EQ(editDistance("cancle", "cancel"), 1U);
  EXPECT_EQ(editDistance("lists", "list"), 1U);
}

TEST(NearestTest, PrefersATypoThenABeginningThenAPart) {
  EXPECT_EQ(nearest("savepoint", {"web.port", "state.savepoints.dir", "savepoints.state.backend"}),
            "savepoints.state.backend");
  EXPECT_EQ(nearest("web.prot", {"web.port", "web.protocol"}), "web.port");
  EXPECT_EQ(nearest("slots", {"web.port", "taskmanager.numberOfTaskSlots"}),
            "taskmanager.numberOfTaskSlots");
  EXPECT_EQ(nearest("zzz", {}), "");
}

TEST(NearestTest, LooksAtTheBeginningOfAWordWithoutEnd) {
  const std::string endless = "checkpoint" + std::string(std::size_t{1} << 28, 't');
  EXPECT_EQ(similar(endless, {"checkpoint", "savepoint"}), "");
}

TEST(NearestTest, AsksOnlyAboutWhatIsSimilar) {
  EXPECT_EQ(similar("savepiont", {"run", "savepoint"}), "savepoint");
  EXPECT_EQ(similar("save", {"run", "savepoint"}), "savepoint");
  EXPECT_EQ(similar("RUN", {"run", "savepoint"}), "run");
  EXPECT_EQ(similar("frobnicate", {"run", "savepoint"}), "");
  EXPECT_EQ(similar("x", {}), "");
  EXPECT_EQ(similar("lsit", {"list"}), "list");
  EXPECT_EQ(similar("foo", {"log", "web"}), "") << "two of three letters are another word";
}

}  // namespace
}  // namespace weir
