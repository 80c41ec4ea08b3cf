#include "jobmanager/checkpoint/file_work.h"

#include <deque>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/concurrency/simulated_executor.h"

namespace weir::jobmanager {
namespace {

using namespace std::chrono_literals;  // NOLINT: durations of a test.
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// Threads that hang until they are told.
class HeldThreads final : public concurrency::Executor {
 public:
  void post(Task task) override { held_.push_back(std::move(task)); }
  std::unique_ptr<Timer> schedule(Duration /*delay*/, Task /*task*/) override { return nullptr; }
  void letOneGo() {
    const Task task = std::move(held_.front());
    held_.pop_front();
    task();
  }
  std::size_t hanging() const { return held_.size(); }

 private:
  std::deque<Task> held_;
};

class FileWorkTest : public ::testing::Test {
 protected:
  void run(const std::string& name) {
    work_->run(
        [this, name] {
          ran_.push_back(name);
          return ok();
        },
        [this, name](const Status& status) {
          answers_.push_back(name + ": " + (status ? "done" : status.error().text()));
        });
  }
  void letOneGo() {
    threads_.letOneGo();
    time_.runDue();
  }

  concurrency::SimulatedTime time_;
  concurrency::SimulatedExecutor strand_{time_};
  HeldThreads threads_;
  std::vector<std::string> ran_;
  std::vector<std::string> answers_;
  std::unique_ptr<FileWork> work_ =
      std::make_unique<FileWork>(strand_, threads_, FileWork::Bounds{20s, 3}, "/mnt/slow");
};

TEST_F(FileWorkTest, TellsEverybodyWhoWaitsForAnOperationThatHangs) {
  bool idle = false;
  run("a");
  run("b");
  work_->whenIdle([&] { idle = true; });
  time_.advance(19s);
  EXPECT_THAT(answers_, IsEmpty());
  time_.advance(2s);
  EXPECT_THAT(answers_,
              ElementsAre(HasSubstr("a: a file operation on /mnt/slow hangs"),
                          HasSubstr("given up after 20 s")));
  EXPECT_TRUE(idle);
  EXPECT_EQ(threads_.hanging(), 1U);
}

TEST_F(FileWorkTest, TellsThoseAtOnceWhoComeWhileItHangs) {
  run("a");
  time_.advance(21s);
  run("b");
  EXPECT_THAT(answers_, ElementsAre(HasSubstr("a: ")));
  time_.runDue();
  EXPECT_THAT(answers_, ElementsAre(HasSubstr("a: "), HasSubstr("b: a file operation")));
  EXPECT_EQ(threads_.hanging(), 1U);
}

TEST_F(FileWorkTest, GoesOnInOrderOnceItIsBack) {
  run("a");
  run("b");
  time_.advance(21s);
  answers_.clear();
  letOneGo();
  run("c");
  letOneGo();
  letOneGo();
  EXPECT_THAT(ran_, ElementsAre("a", "b", "c"));
  EXPECT_THAT(answers_, ElementsAre("c: done"));
}

TEST_F(FileWorkTest, HandsOverWhatComesBackLate) {
  std::string late;
  work_->run([]() -> Result<std::string> { return "path"; },
             [this](const Result<std::string>& path) { answers_.push_back(path ? *path : "gone"); },
             [&](const Result<std::string>& path) { late = *path; });
  time_.advance(21s);
  letOneGo();
  EXPECT_THAT(answers_, ElementsAre("gone"));
  EXPECT_EQ(late, "path");
}

TEST_F(FileWorkTest, DoesNotGiveUpWorkThatIsSlow) {
  work_->run(
      [this] {
        for (int i = 0; i < 10; ++i) {
          time_.advance(15s);
          fs::noteProgress();
        }
        return ok();
      },
      [this](const Status& status) { answers_.emplace_back(status ? "done" : "given up"); });
  run("b");
  letOneGo();
  EXPECT_THAT(answers_, ElementsAre("done"));
}

TEST_F(FileWorkTest, TakesNoMoreThanItsBound) {
  for (const std::string name : {"a", "b", "c", "d"}) {
    run(name);
  }
  time_.runDue();
  EXPECT_THAT(answers_, ElementsAre("d: 3 pieces of file work wait for /mnt/slow"));
}

TEST_F(FileWorkTest, DoesWhatIsLeftWhenItsOwnerIsGone) {
  run("a");
  run("b");
  run("c");
  work_.reset();
  letOneGo();
  letOneGo();
  EXPECT_THAT(ran_, ElementsAre("a", "b", "c"));
  EXPECT_THAT(answers_, IsEmpty());
}

}  // namespace
}  // namespace weir::jobmanager
