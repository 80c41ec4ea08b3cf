#include "tests/unit/common/api/programs.h"

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <stdexcept>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "common/api/run.h"
#include "common/api/weir.h"

namespace weir {
namespace {

void throwOwn() { throw std::runtime_error("of the program's own"); }

std::string& nextFailure() {
  static std::string failure;
  return failure;
}

}  // namespace

api::WorkerStart& startOfWorker() {
  static api::WorkerStart start;
  return start;
}

namespace api {
const WorkerStart& workerStart() { return startOfWorker(); }
void runWorker(Result<graph::ProgramGraph> program) {
  std::fprintf(stderr,
               "the worker %s\n",
               program.has_value() ? "runs" : ("failed: " + program.error().text()).c_str());
  ::_exit(program.has_value() ? 0 : 1);
}
}  // namespace api

TEST(ProgramsTest, AFailedJobThatIsCaughtEndsNoProgram) {
  for (int i = 0; i < 2; ++i) {
    auto env = StreamExecutionEnvironment::getExecutionEnvironment();
    env.fromElements(1).print();
    nextFailure() = "the disk is full";
    try {
      env.execute("mine");
      ADD_FAILURE() << "it did not throw";
    } catch (const JobExecutionException& failed) {
      EXPECT_STREQ(failed.what(), "job 'mine' failed: the disk is full");
    }
    nextFailure().clear();
  }
  auto after = StreamExecutionEnvironment::getExecutionEnvironment();
  after.fromElements(1).print();
  EXPECT_EQ(after.execute("another").getNetRuntime(), 12);
}

TEST(ProgramsTest, AnEnvironmentExecutesOnceAlsoAfterAFailure) {
  auto env = StreamExecutionEnvironment::getExecutionEnvironment();
  env.fromElements(1).print();
  nextFailure() = "the disk is full";
  EXPECT_THROW(env.execute("mine"), JobExecutionException);
  nextFailure().clear();
  try {
    env.execute("again");
    ADD_FAILURE() << "it did not throw";
  } catch (const JobExecutionException& failed) {
    EXPECT_THAT(failed.what(), ::testing::HasSubstr("is called a second time"));
  }
}

TEST(ProgramsTest, AFailedJobEndsTheProgramWithItsCauseInOneLine) {
  // The whole program is in the child: one that builds a graph and never executes it ends with 1.
  EXPECT_EXIT(
      []() noexcept {  // As main() is: nobody catches what leaves it.
        auto env = StreamExecutionEnvironment::getExecutionEnvironment();
        env.fromElements(1).print();
        nextFailure() = "the disk is full";
        env.execute("mine");
      }(),
      ::testing::ExitedWithCode(1),
      "^weir: job 'mine' failed: the disk is full\n$");
}

TEST(ProgramsTest, AnotherExceptionMeetsTheHandlerOfTheProgram) {
  EXPECT_EXIT(
      []() noexcept {
        std::set_terminate([] { ::_exit(42); });
        auto env = StreamExecutionEnvironment::getExecutionEnvironment();
        env.fromElements(1).print();
        throwOwn();
      }(),
      ::testing::ExitedWithCode(42),
      "");
}

TEST(ProgramsTest, AResultGivesAccumulatorsByTheirType) {
  auto env = StreamExecutionEnvironment::getExecutionEnvironment();
  env.fromElements(1).print();
  const JobExecutionResult result = env.execute("mine");
  EXPECT_EQ(result.getNetRuntime(), 12);
  EXPECT_EQ(result.getAccumulatorResult<std::int64_t>("records"), 42);
  EXPECT_EQ(result.getAccumulatorResult<LongCounter>("records").getLocalValue(), 42);
  EXPECT_THROW(result.getAccumulatorResult<Histogram>("records"), std::invalid_argument);
  EXPECT_THROW(result.getAccumulatorResult<int>("other"), std::invalid_argument);
}

}  // namespace weir

extern "C" __attribute__((visibility("default"))) void weirRunLocal(
    weir::Result<weir::JobExecutionResult>* result,
    weir::graph::ProgramGraph* /*program*/,
    const weir::api::LocalOptions* /*options*/) {
  if (!weir::nextFailure().empty()) {
    *result = weir::Error(weir::ErrorCode::kUserCode, weir::nextFailure());
    return;
  }
  *result = weir::JobExecutionResult(
      weir::JobId(), 12, {{"records", "LongCounter", weir::LongCounter(42).encode()}});
}
