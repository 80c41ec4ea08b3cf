#include "jobmanager/scheduler/restore_progress.h"

#include <string>

#include <gtest/gtest.h>

#include "tests/unit/jobmanager/job_graphs.h"

namespace weir::jobmanager {
namespace {

using namespace std::chrono_literals;  // NOLINT: durations of a test.

const std::string kStart = "for 1 of 2 tasks to start";
constexpr std::uint64_t kMiB = 1 << 20;

runtime::TaskId task(std::uint32_t subtask) { return {testing::operatorId(1), subtask}; }

runtime::TaskUpdate update(std::uint32_t subtask,
                           runtime::TaskState state,
                           std::uint64_t restored = 0) {
  runtime::TaskUpdate update;
  update.task = task(subtask);
  update.state = state;
  update.metrics.restored_bytes = restored;
  return update;
}

/// Each of two tasks reads a section of its own.
runtime::Restores twoSections(std::uint64_t bytes) {
  runtime::Restores restores;
  for (std::uint32_t subtask = 0; subtask < 2; ++subtask) {
    runtime::TaskRestore restore{.task = task(subtask), .operators = {}};
    runtime::OperatorRestoreOrder order;
    runtime::RestoreSection section;
    section.handle.size = bytes;
    restores.give(order, {section});
    restore.operators.push_back(order);
    restores.tasks.push_back(restore);
  }
  return restores;
}

TEST(RestoreProgressTest, SaysHowMuchIsRestoredAndForetellsTheRest) {
  const SteadyTime began{1h};
  RestoreProgress progress(twoSections(3 * kMiB), began);
  progress.heard(update(0, runtime::TaskState::kDeploying));
  EXPECT_EQ(progress.waitsFor(1, 2, began + 4s), kStart + ": 0 B of 6.0 MiB are restored");
  progress.heard(update(1, runtime::TaskState::kRunning));
  progress.heard(update(1, runtime::TaskState::kRunning));
  EXPECT_EQ(progress.waitsFor(1, 2, began + 4s),
            kStart + ": 3.0 MiB of 6.0 MiB are restored, about 4.0 s are left");
  progress.heard(update(0, runtime::TaskState::kRunning));
  EXPECT_EQ(progress.waitsFor(1, 2, began + 8s), kStart + ": 6.0 MiB of 6.0 MiB are restored");
}

TEST(RestoreProgressTest, CountsWhatATaskHasReadBeforeItRuns) {
  const SteadyTime began{1h};
  RestoreProgress progress(twoSections(3 * kMiB), began);
  progress.heard(update(0, runtime::TaskState::kDeploying, 2 * kMiB));
  EXPECT_EQ(progress.waitsFor(2, 2, began + 4s),
            "for 2 of 2 tasks to start: 2.0 MiB of 6.0 MiB are restored, about 8.0 s are left");
  progress.heard(update(0, runtime::TaskState::kDeploying, kMiB));  // Late.
  EXPECT_EQ(progress.waitsFor(1, 2, began), kStart + ": 2.0 MiB of 6.0 MiB are restored");
  progress.heard(update(0, runtime::TaskState::kDeploying, 5 * kMiB));  // More than its share.
  progress.heard(update(0, runtime::TaskState::kRunning));
  EXPECT_EQ(progress.waitsFor(1, 2, began), kStart + ": 3.0 MiB of 6.0 MiB are restored");
}

TEST(RestoreProgressTest, ForetellsNothingFromTheFirstFewBytes) {
  const SteadyTime began{1h};
  runtime::Restores restores = twoSections(kMiB);
  restores.lists[1][0].handle.size = 100 * kMiB;
  RestoreProgress progress(restores, began);
  progress.heard(update(0, runtime::TaskState::kRunning));
  EXPECT_EQ(progress.waitsFor(1, 2, began + 4s), kStart + ": 1.0 MiB of 101.0 MiB are restored");
}

TEST(RestoreProgressTest, CountsASectionThatTwoTasksReadOnce) {
  runtime::Restores restores = twoSections(kMiB);
  restores.lists.pop_back();
  restores.tasks[1].operators[0].list = 0;
  RestoreProgress progress(restores, SteadyTime{1h});
  progress.heard(update(0, runtime::TaskState::kRunning));
  EXPECT_EQ(progress.waitsFor(1, 2, SteadyTime{1h}),
            kStart + ": 512.0 KiB of 1.0 MiB are restored");
}

TEST(RestoreProgressTest, SaysNothingWhereNothingIsRestored) {
  EXPECT_EQ(RestoreProgress().waitsFor(0, 2, SteadyTime{1h}), "");
  EXPECT_EQ(RestoreProgress().waitsFor(1, 2, SteadyTime{1h}), kStart);
  EXPECT_EQ(RestoreProgress(twoSections(0), SteadyTime{1h}).waitsFor(1, 2, SteadyTime{2h}), kStart);
}

}  // namespace
}  // namespace weir::jobmanager
