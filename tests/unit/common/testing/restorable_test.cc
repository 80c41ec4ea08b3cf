#include "common/testing/restorable.h"

#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/api/weir.h"
#include "common/testing/testing.h"
#include "tests/unit/common/testing/directory.h"

namespace weir::testing {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

template <typename State>
struct Counting : RichMapFunction<int, int> {
  ValueState<State> seen_{*this, "seen"};
  int map(const int& n) override {
    seen_.update(State{});
    return n;
  }
};

struct Last : MapFunction<int, int>, Checkpointed<int> {
  int last = 0;
  bool refuses = false;
  int map(const int& n) override { return last = n; }
  int snapshotState(std::uint64_t) override { return last; }
  void restoreState(const int& state) override {
    if (refuses) {
      throw std::runtime_error("does not like what it gets");
    }
    last = state;
  }
};

template <typename State>
Program counting(bool refuses = false, const std::string& uid = "counts") {
  return [=](StreamExecutionEnvironment& env) {
    Last last;
    last.refuses = refuses;
    env.addSource(source<int>({1, 2, 3}))
        .uid("source")
        .map(last)
        .uid("last")
        .name("Last")
        .keyBy([](const int& n) { return n; })
        .map(Counting<State>{})
        .uid(uid)
        .name("Counting")
        .addSink([](const int&) {});
  };
}

class RestorableTest : public ::testing::Test {
 protected:
  RestorableTest() {
    Job job(counting<int>());
    job.parallelism(2);
    job.step(3);
    path_ = job.savepoint(directory_.path());
  }
  std::vector<std::string> itemsOf(const Program& program, const RestoreOptions& options = {}) {
    try {
      expectRestorable(path_, program, options);
    } catch (const NotRestorable& thrown) {
      for (const std::string& item : thrown.items()) {
        EXPECT_THAT(thrown.what(), HasSubstr(item));
      }
      return thrown.items();
    }
    return {};
  }

  Directory directory_;
  std::string path_;
};

TEST_F(RestorableTest, TheSameProgramAndOneWithAWiderTypeTakeItBack) {
  expectRestorable(path_, counting<int>());
  expectRestorable(path_, counting<std::int64_t>());
}

TEST_F(RestorableTest, APathMayBeRelative) {
  const std::string name = path_.substr(path_.rfind('/') + 1);
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path(directory_.path());
  expectRestorable(name, counting<int>());
  Job job(counting<int>());
  job.parallelism(2).restoreFrom(name).runToEnd();
  std::filesystem::current_path(before);
}

TEST_F(RestorableTest, EveryMisfitIsAnItem) {
  EXPECT_THAT(itemsOf(counting<std::string>()),
              ElementsAre(AllOf(HasSubstr("Counting"), HasSubstr("seen"))));
  EXPECT_THAT(itemsOf(counting<int>(true)),
              ElementsAre(AllOf(HasSubstr("'Last' (last)"), HasSubstr("does not like"))));
  EXPECT_EQ(itemsOf(counting<int>(true, "others")).size(), 2U);
  EXPECT_EQ(itemsOf(counting<int>(false, "others"), {.drop = {"counts"}}).size(), 0U);
}

TEST_F(RestorableTest, AnotherParallelismIsTriedWhereItIsAskedFor) {
  EXPECT_THROW(expectRestorable(path_, counting<int>(), {}, 3), NotRestorable);
  EXPECT_THROW(expectRestorable(directory_.path(), counting<int>()), NotRestorable);
}

}  // namespace
}  // namespace weir::testing
