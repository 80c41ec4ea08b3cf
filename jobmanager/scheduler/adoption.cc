#include "jobmanager/scheduler/adoption.h"

#include <algorithm>

#include "common/base/crash_point.h"
#include "common/base/overloaded.h"
#include "common/config/value.h"
#include "common/telemetry/log.h"

namespace weir::jobmanager {

using runtime::TaskState;

namespace {

/// For the exits of workers that are killed, also on task managers that have not registered yet.
constexpr Duration kExitWait = std::chrono::seconds(5);
/// For the other task managers once a task was found to have failed: it restarts anyway.
constexpr Duration kHurry = std::chrono::seconds(3);

bool failed(const runtime::TaskUpdate& update) { return update.state == TaskState::kFailed; }

}  // namespace

Placement placementOf(const ha::DeployedAttempt& deployed) {
  Placement placement;
  placement.tasks = deployed.tasks;
  for (const ha::DeployedAttempt::Share& one : deployed.task_managers) {
    placement.task_managers.push_back(one.task_manager);
    placement.slots.push_back(one.slots);
  }
  return placement;
}

std::string adoptedAfter(AttemptId attempt, Duration took) {
  const auto millis = std::chrono::duration_cast<std::chrono::milliseconds>(took).count();
  return "adopted attempt " + std::to_string(attempt.value()) + " after " + std::to_string(millis) +
         " ms";
}

Adoption::Adoption(Environment environment, ha::DeployedAttempt attempt, Duration wait)
    : environment_(environment),
      attempt_(std::move(attempt)),
      began_(environment_.clock.now()),
      deadline_(environment_.strand.schedule(wait, [this, wait] {
        const auto running = std::move(deadline_);
        if (!haveAllTold()) {  // Else only the job's own checkpoints are waited for.
          missed(Error(ErrorCode::kDeadlineExceeded,
                       missing() + " within " + config::formatDuration(wait)));
        }
      })) {}

void Adoption::decide(std::optional<Error> refused, Callback<HeldTasks> done) {
  done_ = std::move(done);
  if (refused) {
    giveUp(*refused);
  }
  phase_ == Phase::kHearing ? look() : answerIfGone();
}

void Adoption::giveUp(const Error& why) {
  if (phase_ != Phase::kHearing) {
    return;
  }
  phase_ = Phase::kEnding;
  given_up_ = why;
  for (const ha::DeployedAttempt::Share& one : attempt_.task_managers) {
    if (!exits_.contains(one.task_manager) && !gone_.contains(one.task_manager)) {
      live_.insert(one.task_manager);
    }
  }
  for (const TaskManagerId id : told_) {
    if (TaskManagerGateway* gateway = environment_.resources.gateway(id)) {
      gateway->giveUp(attempt_.execution);
    }
  }
  deadline_ = environment_.strand.schedule(kExitWait, [this] {
    const auto running = std::move(deadline_);
    live_.clear();
    answerIfGone();
  });
  answerIfGone();
}

/// Who has not told by now is waited for no longer.
void Adoption::missed(const Error& why) {
  for (const ha::DeployedAttempt::Share& one : attempt_.task_managers) {
    if (!told_.contains(one.task_manager)) {
      gone_.insert(one.task_manager);
    }
  }
  giveUp(why);
}

void Adoption::registered(TaskManagerId id, const runtime::Holdings& holdings) {
  const bool holds = std::ranges::any_of(
      holdings.attempts, [this](const auto& one) { return one.execution == attempt_.execution; });
  if (runsOn(id) && !holds) {
    gone_.insert(id);
    live_.erase(id);
    giveUp(Error(ErrorCode::kUnavailable,
                 "the task manager on " + hostOf(id) + " has no worker of it any more"));
    answerIfGone();
  }
}

void Adoption::report(TaskManagerId from, const runtime::TaskManagerReport& report) {
  std::visit(Overloaded{[this](const std::vector<runtime::TaskUpdate>& updates) {
                          for (const runtime::TaskUpdate& one : updates) {
                            take(one);
                          }
                        },
                        [&](const runtime::WorkerExited& exited) {
                          if (exited.execution == attempt_.execution) {
                            exits_.emplace(from, exited);
                            live_.erase(from);
                          }
                        },
                        [](const auto&) {}},
             report);
  phase_ == Phase::kHearing ? look() : answerIfGone();
}

void Adoption::take(const runtime::TaskUpdate& update) {
  if (update.execution != attempt_.execution || phase_ != Phase::kHearing) {
    return;
  }
  const auto [known, fresh] = tasks_.try_emplace(update.task, update);
  if (!fresh && !runtime::isTerminal(known->second.state)) {
    const bool input_ended = known->second.input_ended || update.input_ended;
    std::vector<runtime::AccumulatorValue> before = std::move(known->second.accumulators);
    known->second = update;
    known->second.input_ended = input_ended;
    if (known->second.accumulators.empty()) {
      known->second.accumulators = std::move(before);
    }
  }
  if (failed(known->second) && hurry_ == nullptr) {
    hurry_ = environment_.strand.schedule(kHurry, [this] {
      const auto running = std::move(hurry_);
      missed(Error(ErrorCode::kUserCode, "a task of it has failed, and " + missing()));
    });
  }
}

void Adoption::told(TaskManagerId from) {
  if (!runsOn(from)) {
    return;
  }
  if (phase_ != Phase::kHearing) {
    if (TaskManagerGateway* gateway = environment_.resources.gateway(from)) {
      gateway->giveUp(attempt_.execution);
    }
    return;
  }
  told_.insert(from);
  crashPoint("adoption.heard");
  look();
}

/// A session of this leader's own: the task manager ends what it holds.
void Adoption::lost(TaskManagerId id, const std::string& reason) {
  live_.erase(id);
  gone_.insert(id);
  if (told_.contains(id) && phase_ == Phase::kHearing) {
    told_.erase(id);
    giveUp(Error(ErrorCode::kUnavailable,
                 "the task manager on " + hostOf(id) + " was lost: " + reason));
  }
  answerIfGone();
}

void Adoption::look() {
  if (phase_ != Phase::kHearing || !done_ || !haveAllTold()) {
    return;
  }
  if (const std::optional<Error> why = obstacle()) {
    giveUp(*why);
    return;
  }
  HeldTasks held;
  for (auto& [task, update] : tasks_) {
    held.updates.push_back(std::move(update));
  }
  std::ranges::partition(held.updates, failed);
  held.exits.assign(exits_.begin(), exits_.end());
  held.took = environment_.clock.now() - began_;
  answer(std::move(held));
}

/// All have said what they know: does that make an attempt that ran?
std::optional<Error> Adoption::obstacle() const {
  const bool has_failed =
      std::ranges::any_of(tasks_, [](const auto& one) { return failed(one.second); }) ||
      std::ranges::any_of(exits_, [](const auto& one) { return !one.second.expected; });
  for (const graph::JobVertex& vertex : environment_.graph.vertices) {
    for (std::uint32_t subtask = 0; subtask < vertex.parallelism; ++subtask) {
      const auto found = tasks_.find({vertex.id, subtask});
      const TaskState state = found == tasks_.end() ? TaskState::kCreated : found->second.state;
      const bool has_run = state == TaskState::kRunning || state == TaskState::kFinished;
      if (!has_run && !has_failed) {
        return Error(ErrorCode::kFailedPrecondition,
                     "its task " + vertex.name + " (" + std::to_string(subtask + 1) + "/" +
                         std::to_string(vertex.parallelism) + ") was " +
                         std::string(toString(state)));
      }
    }
  }
  return std::nullopt;
}

std::string Adoption::missing() const {
  std::string hosts;
  std::size_t unknown = 0;
  for (const ha::DeployedAttempt::Share& one : attempt_.task_managers) {
    if (told_.contains(one.task_manager)) {
      continue;
    }
    if (environment_.resources.registration(one.task_manager) == nullptr) {
      ++unknown;
    } else {
      hosts += (hosts.empty() ? "" : ", ") + hostOf(one.task_manager);
    }
  }
  std::string text;
  if (unknown > 0) {
    text = std::to_string(unknown) + " of its " + std::to_string(attempt_.task_managers.size()) +
           " task managers did not register";
  }
  if (!hosts.empty()) {
    text += (text.empty() ? "" : ", and ") + hosts + " did not tell of its workers";
  }
  return text;
}

void Adoption::answerIfGone() {
  if (phase_ == Phase::kEnding && live_.empty() && done_) {
    answer(*given_up_);
  }
}

void Adoption::answer(Result<HeldTasks> result) {
  phase_ = Phase::kDecided;
  hurry_.reset();
  deadline_.reset();
  std::exchange(done_, {})(std::move(result));
}

bool Adoption::haveAllTold() const { return told_.size() >= attempt_.task_managers.size(); }

bool Adoption::runsOn(TaskManagerId id) const {
  return std::ranges::any_of(attempt_.task_managers,
                             [id](const auto& one) { return one.task_manager == id; });
}

std::string Adoption::hostOf(TaskManagerId id) const {
  const runtime::Registration* known = environment_.resources.registration(id);
  return known == nullptr ? id.hex() : known->host;
}

std::string Adoption::waitsFor() const {
  return "for its task managers to tell whether attempt " +
         std::to_string(attempt_.execution.attempt.value()) + " still runs";
}

}  // namespace weir::jobmanager
