#include "common/testing/job.h"

#include <algorithm>
#include <chrono>
#include <limits>
#include <optional>
#include <random>
#include <stdexcept>
#include <utility>

#include "common/api/program.h"
#include "common/base/random.h"
#include "common/fs/local_file_system.h"
#include "common/snapshot/state_matching.h"
#include "common/testing/job_run.h"
#include "common/testing/memory_section.h"
#include "common/testing/program_graph.h"
#include "common/testing/savepoint_directory.h"

namespace weir::testing {

namespace {

constexpr std::uint64_t kMostRounds = 10'000'000;  // Without the clock being moved.
constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();

}  // namespace

class Job::Impl {
 public:
  explicit Impl(Program program) : program_(std::move(program)) {}

  // Set before the job is first needed.
  std::optional<std::uint64_t> seed;
  int parallelism = 1;
  std::optional<std::string> savepoint;
  RestoreOptions options;
  std::optional<std::int64_t> begins_at;

  void refuseOnceStarted(const char* what) const {
    if (attempts_ != 0) {
      throw std::logic_error(std::string(what) + " comes before the job is first run");
    }
  }
  int attempts() const { return attempts_; }
  std::int64_t now() const { return run_ == nullptr ? begin() : run_->time().now(); }
  bool ended() const { return finished_; }

  /// The job as it runs, from its first start on.
  JobRun& running() {
    if (finished_) {
      throw std::logic_error("the job has ended");
    }
    if (failed_) {
      throw std::logic_error("the job has failed");
    }
    if (run_ == nullptr) {
      build();
      start(restores_, begin());
    }
    return *run_;
  }

  template <typename Call>
  auto guarded(Call call) {
    try {
      return call();
    } catch (...) {
      failed_ = true;  // The operators stay as they are until the job goes.
      throw;
    }
  }

  /// Until there is nothing to do at this time.
  void settle() {
    std::uint64_t rounds = 0;
    while (round()) {
      if (++rounds == kMostRounds) {
        throw std::runtime_error("there is more to do after " + std::to_string(kMostRounds) +
                                 " rounds: bound the source " + run_->waitsFor() +
                                 ", or use step()");
      }
    }
  }
  bool round() {
    const bool worked = run_->round();
    if (run_->ended() && !finished_) {
      finish();
    }
    return worked && !finished_;
  }

  void advanceTo(std::int64_t until) {
    settle();
    while (!finished_) {
      const std::int64_t next = std::min(run_->time().next(), next_checkpoint_);
      if (next > until) {
        run_->time().moveTo(until);
        settle();
        return;
      }
      run_->time().moveTo(next);
      settle();
      if (next >= next_checkpoint_ && !finished_) {
        next_checkpoint_ += interval();
        checkpoint();
      }
    }
  }

  void runToEnd() {
    auto idle_since = std::chrono::steady_clock::now();
    while (!finished_) {
      if (round()) {
        idle_since = std::chrono::steady_clock::now();
      } else if (!finished_) {
        await(idle_since);
      }
    }
  }

  void checkpoint() {
    CheckpointId id(++checkpoint_);
    latest_ = run_->snapshot(id, false);
    run_->complete(id);
  }
  std::string takeSavepoint(const std::string& directory) {
    CheckpointId id(++checkpoint_);
    runtime::CheckpointMetadata metadata = run_->snapshot(id, true);
    auto written = writeSavepoint(files_, directory, metadata);
    if (!written.has_value()) {
      throwUnlessOk(written.error().during("write a savepoint"));
    }
    run_->complete(id);
    latest_ = std::move(metadata);
    return *std::move(written);
  }

  void restart() {
    const std::int64_t at = now();
    run_.reset();
    start(latest_ ? snapshot::restoreSame(*latest_, graph_).restores : restores_, at);
  }
  /// Where the clock begins: with a savepoint, when that was taken.
  std::int64_t begin() const { return begins_at.value_or(saved_at_); }
  const graph::JobGraph& graph() const { return graph_; }
  JobExecutionResult result() const { return {execution_, now() - begin(), accumulators_}; }

 private:
  void build() {
    graph::ProgramGraph built = programGraph(program_, parallelism);
    graph_ = std::move(built.graph);
    code_ = std::move(built.code);
    SystemRandom random;
    execution_ = JobId::random(random);
    if (seed) {
      random_.emplace(*seed);
    }
    if (savepoint) {
      const runtime::RestoreRequest request{
          *savepoint, options.allow_non_restored, options.drop, options.renamed};
      auto opened = openSavepoint(files_, graph_, request);
      if (!opened.has_value()) {
        throwUnlessOk(opened.error());
      }
      restores_ = std::move(opened->restores);
      checkpoint_ = opened->checkpoint.value();
      saved_at_ = opened->trigger_millis;
    }
  }
  void start(const runtime::Restores& restores, std::int64_t now) {
    ++attempts_;
    JobRun::Setup setup;
    setup.graph = graph_;
    setup.code = &code_;
    setup.files = &files_;
    setup.random = random_ ? &*random_ : nullptr;
    setup.execution = {
        execution_, AttemptId(static_cast<std::uint64_t>(attempts_)), LeaderEpoch(1)};
    setup.restores = restores;
    setup.now = now;
    run_ = std::make_unique<JobRun>(std::move(setup));
    next_checkpoint_ = interval() == kNever ? kNever : now + interval();
    run_->open();
  }
  std::int64_t interval() const {
    const auto& settings = graph_->checkpoints;
    return settings.enabled && settings.interval.count() > 0 ? settings.interval.count() : kNever;
  }
  void finish() {
    if (graph_->checkpoints.enabled) {
      checkpoint();  // What comes with the last records is committed with it.
    }
    accumulators_ = run_->accumulators();
    finished_ = true;
    run_->finish();
  }
  /// Sleeps a little, as long as a source may still have something.
  void await(std::chrono::steady_clock::time_point since) {
    const auto now = std::chrono::steady_clock::now();
    if (now - since > kMostIdle) {
      throw std::runtime_error("nothing came of " + run_->waitsFor() + " for " +
                               std::to_string(kMostIdle.count()) +
                               " s, and it does not end; use advance() or step() for a job whose "
                               "sources do not");
    }
    run_->pause();
  }
  const Program program_;
  fs::LocalFileSystem files_;
  graph::SharedGraph graph_;
  graph::ProgramCode code_;
  JobId execution_;
  std::optional<std::mt19937_64> random_;
  runtime::Restores restores_;                         // Of the first attempt.
  std::optional<runtime::CheckpointMetadata> latest_;  // That the job fails back to.
  std::uint64_t checkpoint_ = 0;
  std::int64_t saved_at_ = 0;  // That it was restored from.
  std::int64_t next_checkpoint_ = kNever;
  int attempts_ = 0;
  bool finished_ = false;
  bool failed_ = false;
  std::vector<functions::EncodedAccumulator> accumulators_;
  std::unique_ptr<JobRun> run_;  // Ends before what it borrows.
};

Job::Job(Program program) : impl_(std::make_unique<Impl>(std::move(program))) {}
Job::~Job() = default;

Job& Job::seed(std::uint64_t seed) {
  impl_->refuseOnceStarted("seed()");
  impl_->seed = seed;
  return *this;
}

Job& Job::parallelism(int parallelism) {
  impl_->refuseOnceStarted("parallelism()");
  if (parallelism < 1) {
    throw std::invalid_argument("parallelism(" + std::to_string(parallelism) + "): at least 1");
  }
  impl_->parallelism = parallelism;
  return *this;
}

Job& Job::restoreFrom(const std::string& path, const RestoreOptions& options) {
  impl_->refuseOnceStarted("restoreFrom()");
  impl_->savepoint = path;
  impl_->options = options;
  return *this;
}

Job& Job::setProcessingTime(std::int64_t time) {
  impl_->refuseOnceStarted("setProcessingTime()");
  impl_->begins_at = time;
  return *this;
}

JobExecutionResult Job::runToEnd() {
  impl_->guarded([this] {
    if (!impl_->ended()) {
      impl_->running();
      impl_->runToEnd();
    }
  });
  return impl_->result();
}

void Job::advance(Time by) {
  impl_->guarded([&] {
    impl_->running();
    impl_->advanceTo(impl_->now() + by.toMilliseconds());
  });
}

bool Job::step(int rounds) {
  return impl_->guarded([&] {
    bool worked = false;
    for (int i = 0; i < rounds && !impl_->ended(); ++i) {
      impl_->running();
      worked = impl_->round() || worked;
    }
    return worked;
  });
}

std::int64_t Job::currentProcessingTime() const { return impl_->now(); }
bool Job::ended() const { return impl_->ended(); }

void Job::checkpoint() {
  impl_->guarded([this] {
    impl_->running();
    impl_->checkpoint();
  });
}

std::string Job::savepoint(const std::string& directory) {
  return impl_->guarded([&] {
    impl_->running();
    return impl_->takeSavepoint(directory);
  });
}

void Job::failTask(const std::string& name, int subtask) {
  impl_->guarded([this] { impl_->running(); });
  throwUnlessTask(impl_->graph(), name, subtask);
  impl_->guarded([this] { impl_->restart(); });
}

int Job::attempts() const { return impl_->attempts(); }

}  // namespace weir::testing
