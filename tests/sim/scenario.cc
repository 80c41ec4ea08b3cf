#include "tests/sim/scenario.h"

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <tuple>
#include <utility>
#include <vector>

#include "common/fs/uri.h"
#include "common/snapshot/metadata_file.h"
#include "common/snapshot/state_matching.h"
#include "jobmanager/blob/blob_store.h"
#include "jobmanager/dispatcher/dispatcher.h"
#include "jobmanager/ha/memory_job_store.h"
#include "tests/sim/fake_cluster.h"
#include "tests/sim/slow_executor.h"

namespace weir::sim {
namespace {

using namespace std::chrono_literals;  // NOLINT: durations of a test.

struct Job {
  JobId id;
  Model model;
  bool accepted = false;
  bool refused = false;
  /// Its job manager died when the store had forgotten it and nobody had been told yet.
  bool ended_unseen = false;
  runtime::SubmitRequest request;
  std::optional<runtime::JobResult> result;
};

/// Of all jobs and savepoints of a run together.
constexpr std::size_t kMostFileWork = 100;

class Scenario {
 public:
  explicit Scenario(std::uint64_t seed)
      : world_(seed), blobs_(world_.files, "/blobs", world_.time, world_.random) {
    world_.faults.kill_worker = static_cast<std::uint32_t>(world_.random.below(8));
    world_.faults.duplicate = static_cast<std::uint32_t>(world_.random.below(100));
    world_.faults.decline = static_cast<std::uint32_t>(world_.random.below(30));
    // A disposal discards handles before it writes anything: repeated, it does so again.
    if (!handles_ && world_.chance(300)) {
      world_.faults.files = static_cast<std::uint32_t>(world_.random.below(100));
    }
    world_.faults.longest_delay_millis = 1 + static_cast<std::int64_t>(world_.random.below(150));
  }

  std::string run() {
    options();
    open();
    for (int i = 0; i < 3; ++i) {
      task_managers_.push_back(
          std::make_unique<FakeTaskManager>(world_, "host" + std::to_string(i), 2));
      task_managers_.back()->sharePlanes(planes_);
      task_managers_.back()->start();
    }
    submit({});
    for (int step = 0; step < 30 && world_.violations.empty(); ++step) {
      act();
      world_.time.advance(std::chrono::milliseconds(world_.random.below(700)));
      if (io_->waiting() > kMostFileWork) {
        violate("file work piles up: " + std::to_string(io_->waiting()) + " pieces wait");
      }
    }
    settle();
    if (world_.violations.empty()) {
      checkEnd();
    }
    return world_.violations.empty() ? std::string() : world_.violations.front();
  }

 private:
  void options() {
    options_.savepoints.on_files = true;
    options_.savepoints.directory = "/savepoints";
    std::vector<std::string> settings = {"state.backend=filesystem",
                                         "state.backend.fs.checkpointdir=/checkpoints",
                                         "savepoints.state.backend=filesystem",
                                         "savepoints.state.backend.fs.dir=/savepoints"};
    if (world_.chance(500)) {
      settings.resize(2);  // Savepoints on the heap.
      options_.savepoints.on_files = false;
    }
    config::Warnings warnings;
    options_.configuration = *config::Configuration::fromOverrides(settings, warnings);
    options_.keeps_jobs = restarts_;
  }

  /// A life of the job manager begins.
  void open() {
    strand_ = std::make_unique<concurrency::SimulatedExecutor>(world_.time);
    io_ = std::make_unique<SlowExecutor>(world_.time, [this] {
      return slow_files_ ? Duration(std::chrono::milliseconds(world_.random.below(2000)))
                         : Duration::zero();
    });
    dispatcher_ =
        *jobmanager::Dispatcher::open({.strand = *strand_,
                                       .io = *io_,
                                       .clock = world_.time,
                                       .random = world_.random,
                                       .files = world_.files,
                                       .blobs = blobs_,
                                       .store = store_,
                                       .stepped_down =
                                           [this, calls = std::make_shared<int>(0)](const Error&) {
                                             if (++*calls > 1) {
                                               violate("the dispatcher stepped down twice");
                                             }
                                           }},
                                      options_);
    world_.dispatcher = dispatcher_.get();
  }

  /// The job manager dies in the middle of what it does, in half of the cases some time after
  /// another one has taken over, or it stops in order, which leaves its jobs to the next one.
  void restartJobManager() {
    if (world_.chance(250)) {
      bool stopped = false;
      dispatcher_->stop([&] { stopped = true; });
      world_.time.runDue();
      if (!stopped) {
        violate("a dispatcher that keeps its jobs does not stop at once");
      }
      world_.time.advance(std::chrono::milliseconds(world_.random.below(1500)));
    } else if (world_.chance(500)) {
      static_cast<void>(*ha::beginTerm(store_, 1s));
      world_.time.advance(std::chrono::milliseconds(world_.random.below(1500)));
    }
    strand_->shutdown();
    io_->shutdown();
    for (auto& one : task_managers_) {
      one->kill(false);
    }
    revivals_.clear();
    dispatcher_.reset();
    checkStore();
    open();
    for (const auto& [what, calls] : requests_) {
      *calls = std::max(*calls, 1);  // Its client knows that the connection is lost.
    }
    for (auto& one : task_managers_) {
      one->start();
    }
    for (auto& job : jobs_) {
      if (!job->accepted && !job->refused) {
        submit(*job);
      } else if (job->accepted && !job->result) {
        follow(*job);
      }
    }
  }

  /// What tasks were told is complete is pointed to, and what is pointed to can be read.
  void checkStore() {
    const ha::Term term = *ha::beginTerm(store_, 1s);
    for (const ha::StoredJob& job : term.jobs) {
      const auto told = world_.notified.find(job.request.job);
      if (told != world_.notified.end() &&
          (job.checkpoints.retained.empty() || job.checkpoints.retained.back().id < told->second)) {
        violate("tasks were told of a checkpoint that no pointer was stored for");
      }
      for (const ha::CheckpointPointer& pointer : job.checkpoints.retained) {
        if (!snapshot::readMetadata(world_.files, pointer.path)) {
          violate("the store of jobs points to nothing: " + pointer.path);
        }
      }
    }
  }

  /// A callback that may be called once, and has to be.
  template <typename T>
  jobmanager::Callback<T> once(const std::string& what, jobmanager::Callback<T> then) {
    auto calls = std::make_shared<int>(0);  // Shared with the list of open requests.
    requests_.emplace_back(what, calls);
    return [this, what, calls, then = std::move(then)](Result<T> result) {
      if (++*calls > 1) {
        violate("answered twice: " + what);
      }
      then(std::move(result));
    };
  }

  void violate(const std::string& what) { world_.violations.push_back(what); }

  void submit(const std::string& savepoint) {
    auto job = std::make_unique<Job>();
    job->id = JobId::random(world_.random);
    job->model.records = 20 + world_.random.below(60);
    job->model.handles = handles_;
    if (!savepoint.empty()) {
      job->model = jobs_.front()->model;
    }
    runtime::SubmitRequest request;
    request.job = job->id;
    request.graph = job->model.graph("model");
    request.graph.operators[0].payload = std::to_string(job->model.records);
    if (!savepoint.empty()) {
      request.restore.emplace();
      request.restore->path = savepoint;
    }
    job->request = std::move(request);
    jobs_.push_back(std::move(job));
    submit(*jobs_.back());
  }

  /// Also again: the client does not know whether the job manager that died had taken it.
  void submit(Job& job) {
    dispatcher_->submit(job.request,
                        once<runtime::SubmitReply>("submit", [this, raw = &job](auto reply) {
                          raw->accepted = reply.has_value();
                          // One that stepped down knows not what the next one will find.
                          raw->refused = !reply && reply.error().code() != ErrorCode::kUnavailable;
                          if (raw->accepted) {
                            follow(*raw);
                          }
                        }));
  }

  void follow(Job& job) {
    dispatcher_->follow(
        job.id,
        [raw = &job](const runtime::JobEvent& event) {
          if (const auto* result = std::get_if<runtime::JobResult>(&event)) {
            raw->result = *result;
          }
          return true;
        },
        [raw = &job](const Status& known) { raw->ended_unseen = !known.has_value(); });
  }

  JobId anyJob() { return jobs_[world_.random.below(jobs_.size())]->id; }

  void act() {
    if (restarts_) {
      actAroundRestarts();
      return;
    }
    switch (world_.random.below(8)) {
      case 0:
        task_managers_[world_.random.below(task_managers_.size())]->killWorker();
        break;
      case 1:
        killTaskManager();
        break;
      case 2:
      case 3:
        takeSavepoint();
        break;
      case 4:
        if (!savepoints_.empty()) {
          dispose(*std::next(savepoints_.begin(),
                             static_cast<std::ptrdiff_t>(world_.random.below(savepoints_.size()))),
                  false);
        }
        break;
      case 5:
        if (!savepoints_.empty() && jobs_.size() < 4) {
          submit(*savepoints_.begin());
        }
        break;
      case 6:
        if (world_.chance(200)) {
          dispatcher_->cancel(anyJob(), once<std::monostate>("cancel", [](const Status&) {}));
        }
        break;
      default:
        break;
    }
  }

  /// Without savepoints: where one is whose answer is lost, nobody here knows.
  void actAroundRestarts() {
    switch (world_.random.below(8)) {
      case 0:
        task_managers_[world_.random.below(task_managers_.size())]->killWorker();
        break;
      case 1:
        killTaskManager();
        break;
      case 2:
        restartJobManager();
        break;
      case 3:
        if (jobs_.size() < 3) {
          submit({});
        }
        break;
      case 4:
        if (world_.chance(100)) {
          dispatcher_->cancel(anyJob(), once<std::monostate>("cancel", [](const Status&) {}));
        }
        break;
      default:
        break;
    }
  }

  void killTaskManager() {
    auto& victim = task_managers_[world_.random.below(task_managers_.size())];
    if (!victim->running()) {
      return;
    }
    victim->kill(world_.chance(700));
    revivals_.push_back(revive_.schedule(world_.delay() * 10 + 100ms, [&victim] {
      if (!victim->running()) {
        victim->start();
      }
    }));
  }

  void takeSavepoint() {
    runtime::SavepointRequest request;
    request.operation = OperationId::random(world_.random);
    request.job = anyJob();
    request.directory = world_.chance(300) ? "/elsewhere" : "";
    request.cancel_job = world_.chance(150);
    dispatcher_->savepoint(
        request,
        [](const runtime::SavepointProgress&) {},
        once<runtime::SavepointResult>("savepoint", [this](auto result) {
          if (result) {
            savepoints_.insert(result->path);
            checkSavepoint(result->path);
          }
        }));
  }

  void checkSavepoint(const std::string& path) {
    if (path.starts_with("jobmanager:")) {
      return;  // Seen when a job is restored from it.
    }
    auto metadata = snapshot::readMetadata(world_.files, path);
    if (!metadata) {
      violate("savepoint " + path + ": " + metadata.error().message());
      return;
    }
    const auto plan = snapshot::restoreSame(*metadata, jobs_.front()->model.graph("model"));
    auto state = readState(world_.files, plan.restores);
    if (!state || !state->consistent()) {
      violate("savepoint " + path + " is not consistent");
    } else if (world_.holdsDiscarded(*state)) {
      violate("a state handle of savepoint " + path + " was discarded");
    }
  }

  void dispose(std::string path, bool force) {
    runtime::DisposeRequest request;
    request.operation = OperationId::random(world_.random);
    request.path = path;
    request.force = force;
    dispatcher_->dispose(
        request, once<runtime::DisposeReply>("dispose", [this, path, force](auto reply) {
          for (const std::string& one : reply ? reply->unreadable : std::vector<std::string>()) {
            if (one.find("was cut short") == std::string::npos) {
              violate("disposal of " + path + ": " + one);
            }
          }
          if (reply) {
            savepoints_.erase(path);
          } else if (force && savepoints_.contains(path)) {
            violate("disposal of " + path + ": " + reply.error().text());
          }
        }));
  }

  bool allEnded() const {
    return std::all_of(jobs_.begin(), jobs_.end(), [](const auto& job) {
      return job->refused || job->ended_unseen || job->result.has_value();
    });
  }

  /// Faults end; everything has to come to its end.
  void settle() {
    world_.faults = Faults{.duplicate = 0, .decline = 0, .kill_worker = 0};
    slow_files_ = false;
    world_.time.advance(20s);
    for (auto& one : task_managers_) {
      if (!one->running()) {
        one->start();
      }
    }
    if (world_.violations.empty() && !world_.time.runUntil([&] { return allEnded(); }, 30min)) {
      violate("a job hangs");
    }
    world_.time.advance(1s);
    for (const std::string& path : savepoints_) {
      checkSavepoint(path);
    }
    for (const std::string& path : std::set(savepoints_)) {
      dispose(path, true);
    }
    world_.time.advance(30s);
    bool stopped = false;
    dispatcher_->stop([&] { stopped = true; });
    if (!world_.time.runUntil([&] { return stopped; }, 1min)) {
      violate("the dispatcher does not stop");
    }
  }

  /// Every record of every source was counted once.
  void checkResult(const Job& job) {
    const ModelState* last = nullptr;
    const runtime::ExecutionId* newest = nullptr;
    for (const auto& [execution, state] : world_.finals) {
      const bool later = execution.job == job.id &&
                         (newest == nullptr || std::tie(newest->epoch, newest->attempt) <
                                                   std::tie(execution.epoch, execution.attempt));
      last = later ? &state : last;
      newest = later ? &execution : newest;
    }
    const bool whole =
        last != nullptr && last->positions.size() == job.model.sources &&
        std::all_of(last->positions.begin(), last->positions.end(), [&](const auto& one) {
          return one.second == job.model.records;
        });
    if (!whole || !last->consistent()) {
      violate("the result of a finished job is not exact");
    }
  }

  /// Nobody was left to remove it: such files are found by whoever looks for what nothing points
  /// to.
  bool isOfUnseen(const std::string& file) const {
    return std::any_of(jobs_.begin(), jobs_.end(), [&](const auto& job) {
      return job->ended_unseen && file.starts_with("/checkpoints/" + job->id.hex());
    });
  }

  void checkEnd() {
    for (const auto& [what, calls] : requests_) {
      if (*calls != 1) {
        violate("answered " + std::to_string(*calls) + " times: " + what);
      }
    }
    for (const auto& job : jobs_) {
      const bool crowded = job->result && job->result->cause.starts_with("not enough slots");
      if (!crowded && job->result && job->result->state == runtime::JobState::kFailed) {
        violate("a job failed for good: " + job->result->cause);
      }
      if (job->result && job->result->state == runtime::JobState::kFinished) {
        checkResult(*job);
      }
    }
    for (const std::string& file : world_.memory.files()) {
      if (fs::nameOf(file).starts_with("probe-")) {
        continue;  // Written by a task manager after its job had given up.
      }
      if (!isOfUnseen(file)) {
        violate("left over: " + file);
      }
    }
  }

  World world_;
  const bool restarts_ = world_.chance(300);               // Of the job manager.
  const bool handles_ = world_.chance(500) && !restarts_;  // Whether jobs keep state handles.
  bool slow_files_ = world_.chance(300);
  std::unique_ptr<concurrency::SimulatedExecutor> strand_;  // Anew for each life, like the next.
  std::unique_ptr<SlowExecutor> io_;
  jobmanager::DispatcherOptions options_;  // Keep jobs where the job manager restarts.
  concurrency::SimulatedExecutor revive_{world_.time};
  blob::BlobStore blobs_;
  ha::MemoryJobStore store_;
  std::unique_ptr<jobmanager::Dispatcher> dispatcher_;
  FakeTaskManager::Planes planes_;
  std::vector<std::unique_ptr<FakeTaskManager>> task_managers_;
  std::vector<std::unique_ptr<Job>> jobs_;
  std::set<std::string> savepoints_;  // Completed and not disposed.
  std::vector<std::pair<std::string, std::shared_ptr<int>>> requests_;
  std::vector<std::unique_ptr<concurrency::Executor::Timer>> revivals_;
};

}  // namespace

std::string runScenario(std::uint64_t seed) { return Scenario(seed).run(); }

}  // namespace weir::sim
