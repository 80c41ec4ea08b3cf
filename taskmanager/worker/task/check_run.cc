#include "taskmanager/worker/task/check_run.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <exception>
#include <memory>

#include "common/base/text.h"
#include "common/functions/accumulator_registry.h"
#include "common/functions/alarms.h"
#include "common/functions/at_work.h"
#include "common/functions/operator.h"
#include "common/schema/key_group.h"
#include "common/snapshot/section_opener.h"
#include "common/state/keyed_check.h"
#include "taskmanager/worker/task/crash_report.h"
#include "taskmanager/worker/task/exception_text.h"

namespace weir::worker {

namespace {

constexpr auto kTellEvery = std::chrono::milliseconds(200);

/// What an operator is told of a subtask that it is not.
class CheckContext final : public functions::OperatorContext {
 public:
  explicit CheckContext(functions::TaskInfo task) : task_(std::move(task)) {}
  const functions::TaskInfo& task() const override { return task_; }
  functions::AccumulatorRegistry& accumulators() override { return accumulators_; }
  std::function<void()> waker() override {
    return [] {};
  }
  functions::ProcessingTime& time() override { return time_; }

 private:
  functions::TaskInfo task_;
  functions::AccumulatorRegistry accumulators_;
  functions::ManualTime time_;
};

functions::TaskInfo taskInfo(const graph::JobGraph& graph,
                             const graph::JobVertex& vertex,
                             const graph::JobOperator& what,
                             std::uint32_t subtask) {
  functions::TaskInfo task;
  task.job_name = graph.name;
  task.attempt = AttemptId(1);
  task.operator_id = what.id;
  task.operator_name = what.name;
  task.task_name = vertex.name;
  task.subtask = subtask;
  task.parallelism = vertex.parallelism;
  task.max_parallelism = what.max_parallelism;
  task.checkpointing = graph.checkpoints.enabled;
  task.check = true;
  return task;
}

}  // namespace

/// One operator on its way through all of its subtasks.
class CheckRun::Listener final : public state::CheckListener {
 public:
  Listener(CheckRun& run, OperatorId id) : run_(run), id_(id) {}

  void begin(std::uint32_t subtask, std::span<const runtime::RestoreSection> sections) {
    subtask_ = subtask;
    sections_ = sections;
  }

  bool attempt(state::CheckPhase phase,
               std::string_view state,
               const std::function<Status()>& step) override {
    phase_ = phase;
    say(state);
    group_.reset();
    try {
      const Status status = step();
      if (!status) {
        partly_.insert({old_subtask_, std::string(state)});
        misfit({std::string(state), {}, status.error().text(), 0, false});
      }
      return status.has_value();
    } catch (const Nobody&) {
      throw;
    } catch (...) {
      partly_.insert({old_subtask_, std::string(state)});
      misfit({std::string(state), group_, thrown(), 0, false});
      return false;
    }
  }
  void reads(std::optional<std::uint32_t> old_subtask) override {
    const auto found = std::ranges::find_if(sections_, [&](const runtime::RestoreSection& one) {
      return old_subtask && one.old_subtask == *old_subtask;
    });
    file_ = found == sections_.end() ? std::string() : found->handle.location;
    old_subtask_ = old_subtask.value_or(0);
  }
  /// So many entries are in what this old subtask has written, of which each falls to one subtask.
  void expect(std::uint32_t old_subtask, const state::StateSummary& state) {
    expected_[{old_subtask, state.name}] = state.entries;
  }
  /// Not all of what falls to this subtask was looked at.
  void giveUpCounting() { counts_ = false; }
  void at(std::uint32_t key_group) override { group_ = key_group; }
  void misfit(state::Misfit misfit) override {
    runtime::CheckProblem problem;
    problem.id = id_;
    problem.subtask = subtask_;
    problem.state = std::move(misfit.state);
    problem.key_group = misfit.key_group;
    problem.file = file_;
    problem.what = std::move(misfit.what);
    problem.entries = misfit.entries;
    problem.noted = misfit.noted;
    cutAloud(problem.what, kMostTextBytes);
    run_.tell(std::move(problem));
  }
  void progress(std::string_view state, std::uint64_t entries, std::uint64_t bytes) override {
    entries_ += entries;
    bytes_ += bytes;
    read_[{old_subtask_, std::string(state)}] += entries;
    run_.bytes_ += bytes;
    if (const auto now = std::chrono::steady_clock::now(); now - told_ >= kTellEvery) {
      say(state);
    }
  }
  runtime::OperatorChecked end() {
    for (const auto& [part, entries] : expected_) {
      const std::uint64_t read = read_[part];
      if (counts_ && read != entries && !partly_.contains(part)) {
        misfit({part.second,
                {},
                std::to_string(read) + " of the " + std::to_string(entries) +
                    " entries that old subtask " + std::to_string(part.first + 1) +
                    " has written lie in key groups that a subtask gets",
                0,
                false});
      }
    }
    return {id_, entries_, bytes_};
  }

 private:
  void say(std::string_view state) {
    told_ = std::chrono::steady_clock::now();
    run_.tell(runtime::CheckStep{id_, subtask_, phase_, std::string(state), run_.bytes_});
  }
  std::string thrown() const {
    const std::string what = describeException(std::current_exception());
    switch (phase_) {
      case state::CheckPhase::kConstruct:
        return "its construction threw " + what;
      case state::CheckPhase::kRestoreState:
        return "restoreState() threw " + what;
      case state::CheckPhase::kOpen:
        return "open() threw " + what +
               " (it can ask isCheck() of its context, and leave out what a check does not need)";
      case state::CheckPhase::kClose:
        return "close() threw " + what;
      case state::CheckPhase::kRead:
        break;
    }
    return "reading it threw " + what;
  }

  CheckRun& run_;
  OperatorId id_;
  std::uint32_t subtask_ = 0;
  std::span<const runtime::RestoreSection> sections_;
  std::string file_;
  state::CheckPhase phase_ = state::CheckPhase::kConstruct;
  std::optional<std::uint32_t> group_;
  std::uint64_t entries_ = 0;
  std::uint64_t bytes_ = 0;
  std::chrono::steady_clock::time_point told_{};
  using Part = std::pair<std::uint32_t, std::string>;  // Of an old subtask, a state.
  std::uint32_t old_subtask_ = 0;
  std::map<Part, std::uint64_t> expected_;
  std::map<Part, std::uint64_t> read_;
  std::set<Part> partly_;  // Something was in the way.
  bool counts_ = true;
};

CheckRun::CheckRun(const runtime::CheckRestore& check,
                   const graph::ProgramCode& code,
                   fs::FileSystem& files,
                   Report report)
    : check_(check),
      code_(code),
      files_(files),
      report_(std::move(report)),
      in_flight_(check.graph, code),
      done_(check.done.begin(), check.done.end()) {
  for (const runtime::TaskRestore& one : check.restores.tasks) {
    restores_.emplace(Task(one.task.vertex, one.task.subtask), &one);
  }
}

void CheckRun::tell(const runtime::CheckReport& report) const {
  if (!report_(report)) {
    throw Nobody();
  }
}

bool CheckRun::run() {
  try {
    for (const graph::JobVertex& vertex : check_.graph->vertices) {
      for (const std::uint32_t index : vertex.operators) {
        const graph::JobOperator& what = check_.graph->operators[index];
        if (runtime::isChecked(what) && !done_.contains(what.id)) {
          checkOperator(vertex, index);
        }
      }
      if (!runtime::isChecked(check_.graph->operators[vertex.operators.front()])) {
        checkOnlyInFlight(vertex);
      }
    }
    tell(runtime::CheckEnded{});
  } catch (const Nobody&) {
    return false;
  }
  return true;
}

const runtime::OperatorRestoreOrder* CheckRun::orderOf(const Task& task, OperatorId id) const {
  const auto restore = restores_.find(task);
  if (restore == restores_.end()) {
    return nullptr;
  }
  const auto& orders = restore->second->operators;
  const auto found = std::ranges::find(orders, id, &runtime::OperatorRestoreOrder::id);
  return found == orders.end() ? nullptr : &*found;
}

void CheckRun::checkOperator(const graph::JobVertex& vertex, std::uint32_t index) {
  const OperatorId id = check_.graph->operators[index].id;
  const CrashScope crashes(vertex.name.c_str());
  Listener listener(*this, id);
  bool restored = false;
  for (std::uint32_t subtask = 0; subtask < vertex.parallelism; ++subtask) {
    if (orderOf({vertex.id, subtask}, id) != nullptr) {
      restored = true;
      checkSubtask(vertex, index, subtask, listener);
    }
  }
  if (restored) {
    tell(listener.end());
  }
}

void CheckRun::checkSubtask(const graph::JobVertex& vertex,
                            std::uint32_t index,
                            std::uint32_t subtask,
                            Listener& listener) {
  const graph::JobOperator& what = check_.graph->operators[index];
  const runtime::OperatorRestoreOrder& order = *orderOf({vertex.id, subtask}, what.id);
  const auto sections = check_.restores.sectionsOf(order);
  listener.begin(subtask, sections);
  CheckContext context(taskInfo(check_.graph, vertex, what, subtask));
  functions::Work work{what.name, 0};
  const functions::AtWork at_work(work, 0);
  std::unique_ptr<functions::Operator> self;
  const bool made = listener.attempt(state::CheckPhase::kConstruct, {}, [&] {
    self = code_.operators[index].make();
    self->setup(context);
    return ok();
  });
  if (!made) {
    return listener.giveUpCounting();
  }
  self->check(open(order, sections, subtask, vertex.parallelism, what.max_parallelism, listener),
              listener);
}

void CheckRun::checkOnlyInFlight(const graph::JobVertex& vertex) {
  Listener listener(*this, vertex.id);
  for (std::uint32_t subtask = 0; subtask < vertex.parallelism; ++subtask) {
    if (const auto* order = orderOf({vertex.id, subtask}, vertex.id)) {
      const auto sections = check_.restores.sectionsOf(*order);
      listener.begin(subtask, sections);
      (void)open(*order, sections, subtask, vertex.parallelism, vertex.max_parallelism, listener);
    }
  }
}

functions::OperatorRestore CheckRun::open(const runtime::OperatorRestoreOrder& order,
                                          std::span<const runtime::RestoreSection> sections,
                                          std::uint32_t subtask,
                                          std::uint32_t parallelism,
                                          std::uint32_t max_parallelism,
                                          Listener& listener) {
  functions::OperatorRestore restore;
  restore.key_groups = keyGroupRangeOf(subtask, parallelism, max_parallelism);
  restore.old_parallelism = order.old_parallelism;
  restore.dropped = order.dropped;
  restore.unclaimed = order.unclaimed;
  snapshot::SectionOpener opener(files_);
  for (const runtime::RestoreSection& section : sections) {
    if (section.handle.storage == runtime::SectionHandle::Storage::kNone) {
      continue;
    }
    auto opened = opener.open(section.handle);
    if (!opened) {  // Unlike in a restore the others are looked at all the same.
      listener.reads(section.old_subtask);
      listener.giveUpCounting();
      listener.misfit({{}, {}, opened.error().text(), 0, false});
      continue;
    }
    in_flight_.check(**opened, order, listener);
    for (const state::StateSummary& state : (*opened)->states()) {
      if (state::isKeyed(state.kind)) {
        listener.expect(section.old_subtask, state);
      }
    }
    restore.sections.push_back({section.old_subtask, *std::move(opened)});
  }
  listener.reads(std::nullopt);
  return restore;
}

}  // namespace weir::worker
