#include "common/snapshot/mark_holder.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

namespace weir::snapshot {
namespace {

std::string withProcess(const std::string& holder, const std::string& process) {
  const std::size_t first = holder.find(' ');
  return holder.substr(0, first + 1) + process + holder.substr(holder.find(' ', first + 1));
}

TEST(MarkHolderTest, ThisProcessIsThere) { EXPECT_FALSE(isHolderGone(ownHolder())); }

TEST(MarkHolderTest, AProcessThatHasEndedIsGone) {
  const pid_t child = ::fork();
  if (child == 0) {
    ::_exit(0);
  }
  ASSERT_EQ(::waitpid(child, nullptr, 0), child);
  EXPECT_TRUE(isHolderGone(withProcess(ownHolder(), std::to_string(child))));
}

TEST(MarkHolderTest, TheEndOfAProcessWhoseJobsGoOnTellsNothing) {
  const std::string ours = ownHolder(/*jobs_go_on=*/true);
  EXPECT_FALSE(isHolderGone(ours));
  EXPECT_FALSE(isHolderGone(ours + "0"));
  EXPECT_EQ(describeHolder(ours), describeHolder(ownHolder()));
}

TEST(MarkHolderTest, AnotherProcessOfTheSameNumberIsNotIt) {
  EXPECT_TRUE(isHolderGone(ownHolder() + "0"));
}

TEST(MarkHolderTest, NothingIsKnownOfOtherMachinesAndOldMarks) {
  EXPECT_FALSE(isHolderGone("elsewhere" + withProcess(ownHolder(), "999999999")));
  for (const char* text : {"", "restored by job", "host x 1", "host -1 1", "host 99999999999 1"}) {
    EXPECT_FALSE(isHolderGone(text)) << text;
  }
}

}  // namespace
}  // namespace weir::snapshot
