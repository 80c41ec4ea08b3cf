#include "tests/sim/scenario.h"

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "common/fs/uri.h"
#include "common/snapshot/metadata_file.h"
#include "jobmanager/blob/blob_store.h"
#include "jobmanager/dispatcher/dispatcher.h"
#include "jobmanager/ha/memory_job_store.h"
#include "tests/sim/clients.h"
#include "tests/sim/fake_cluster.h"
#include "tests/sim/slow_executor.h"

namespace weir::sim {
namespace {

using namespace std::chrono_literals;  // NOLINT: durations of a test.

/// Of all jobs and savepoints of a run together.
constexpr std::size_t kMostFileWork = 100;

class Scenario {
 public:
  explicit Scenario(std::uint64_t seed)
      : world_(seed), blobs_(world_.files, "/blobs", world_.time, world_.random) {
    world_.faults.kill_worker = static_cast<std::uint32_t>(world_.random.below(8));
    world_.faults.duplicate = static_cast<std::uint32_t>(world_.random.below(100));
    world_.faults.decline = static_cast<std::uint32_t>(world_.random.below(30));
    if (world_.chance(300)) {
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
    clients_.submit();
    for (int step = 0; step < 30 && world_.violations.empty(); ++step) {
      act();
      world_.time.advance(std::chrono::milliseconds(world_.random.below(700)));
      if (io_->waiting() > kMostFileWork) {
        world_.violations.push_back("file work piles up: " + std::to_string(io_->waiting()) +
                                    " pieces wait");
      }
      clients_.checkVersions();
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
    options_.adoption_wait = restarts_ ? Duration(3s) : Duration::zero();
  }

  /// A life of the job manager begins.
  void open() {
    strand_ = std::make_unique<concurrency::SimulatedExecutor>(world_.time);
    io_ = std::make_unique<SlowExecutor>(world_.time, [this] {
      return slow_files_ ? Duration(std::chrono::milliseconds(world_.random.below(2000)))
                         : Duration::zero();
    });
    dispatcher_ = *jobmanager::Dispatcher::open(
        {.strand = *strand_,
         .io = *io_,
         .clock = world_.time,
         .random = world_.random,
         .files = world_.files,
         .blobs = blobs_,
         .store = store_,
         .stepped_down =
             [this, calls = std::make_shared<int>(0)](const Error&) {
               if (++*calls > 1) {
                 world_.violations.push_back("the dispatcher stepped down twice");
               }
             }},
        options_);
    world_.dispatcher = dispatcher_.get();
    world_.epoch = dispatcher_->epoch();
  }

  /// The job manager dies in the middle of what it does, in half of the cases some time after
  /// another one has taken over, or it stops in order, which leaves its jobs to the next one.
  void restartJobManager() {
    if (world_.chance(250)) {
      bool stopped = false;
      dispatcher_->stop([&] { stopped = true; });
      world_.time.runDue();
      if (!stopped) {
        world_.violations.push_back("a dispatcher that keeps its jobs does not stop at once");
      }
      world_.time.advance(std::chrono::milliseconds(world_.random.below(1500)));
    } else if (world_.chance(500)) {
      static_cast<void>(*ha::beginTerm(store_, 1s));
      world_.time.advance(std::chrono::milliseconds(world_.random.below(1500)));
    }
    strand_->shutdown();
    io_->shutdown();
    for (auto& one : task_managers_) {
      world_.chance(150) ? one->kill(false) : one->loseSession();
    }
    revivals_.clear();
    dispatcher_.reset();
    checkStore();
    open();
    const std::uint64_t latest = world_.chance(200) ? 8'000 : 500;
    for (auto& one : task_managers_) {
      const auto delay = std::chrono::milliseconds(world_.random.below(latest));
      revivals_.push_back(revive_.schedule(delay, [&one] {
        if (!one->running()) {
          one->resume();
        }
      }));
    }
    clients_.reconnect();
  }

  /// What tasks were told is complete is pointed to, and what is pointed to can be read.
  void checkStore() {
    const ha::Term term = *ha::beginTerm(store_, 1s);
    for (const ha::StoredJob& job : term.jobs) {
      const auto told = world_.notified.find(job.request.job);
      if (!job.checkpoints.result && told != world_.notified.end() &&
          (job.checkpoints.retained.empty() || job.checkpoints.retained.back().id < told->second)) {
        world_.violations.push_back(
            "tasks were told of a checkpoint that no pointer was stored for");
      }
      for (const ha::CheckpointPointer& pointer : job.checkpoints.retained) {
        if (!snapshot::readMetadata(world_.files, pointer.path)) {
          world_.violations.push_back("the store of jobs points to nothing: " + pointer.path);
        }
      }
    }
  }

  void act() {
    if (restarts_) {
      actAroundRestarts();
      return;
    }
    switch (world_.random.below(10)) {
      case 0:
        task_managers_[world_.random.below(task_managers_.size())]->killWorker();
        break;
      case 1:
        killTaskManager();
        break;
      case 2:
      case 3:
        clients_.takeSavepoint();
        break;
      case 4:
        clients_.disposeOne();
        break;
      case 5:
        if (clients_.jobs() < 4) {
          clients_.restoreOne();
        }
        break;
      case 6:
        if (world_.chance(200)) {
          clients_.cancelAJob();
        }
        break;
      case 7:
        if (world_.chance(500)) {
          clients_.stopAJob();
        }
        break;
      case 8:
        clients_.upgradeAJob();
        break;
      default:
        break;
    }
  }

  void actAroundRestarts() {
    switch (world_.random.below(12)) {
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
        if (clients_.jobs() < 3) {
          clients_.submit();
        }
        break;
      case 4:
        if (world_.chance(100)) {
          clients_.cancelAJob();
        }
        break;
      case 5:
      case 6:
        clients_.takeSavepoint();
        break;
      case 7:
        clients_.disposeOne();
        break;
      case 8:
        clients_.stopAJob();
        break;
      case 9:
        clients_.upgradeAJob();
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
        victim->resume();
      }
    }));
  }

  /// Faults end; everything has to come to its end.
  void settle() {
    world_.faults = Faults{.duplicate = 0, .decline = 0, .kill_worker = 0};
    slow_files_ = false;
    world_.time.advance(20s);
    for (auto& one : task_managers_) {
      if (!one->running()) {
        one->resume();
      }
    }
    if (world_.violations.empty() &&
        !world_.time.runUntil([&] { return clients_.allEnded(); }, 30min)) {
      world_.violations.push_back("a job hangs");
    }
    world_.time.advance(1s);
    clients_.checkAndDisposeAll();
    world_.time.advance(30s);
    bool stopped = false;
    dispatcher_->stop([&] { stopped = true; });
    if (!world_.time.runUntil([&] { return stopped; }, 1min)) {
      world_.violations.push_back("the dispatcher does not stop");
    }
  }

  void checkEnd() {
    clients_.checkAnswers();
    for (const std::string& file : world_.memory.files()) {
      if (fs::nameOf(file).starts_with("probe-")) {
        continue;  // Written by a task manager after its job had given up.
      }
      // After so many lost workers the log says which state handles are left, and where.
      if (world_.discard_workers_lost >= 3 && file.starts_with("/checkpoints/")) {
        continue;
      }
      // One on the heap is lost with its job manager, and its job may have ended before.
      if (!restarts_ || !clients_.wereOnHeap(fs::parentOf(file))) {
        world_.violations.push_back("left over: " + file);
      }
    }
  }

  World world_;
  const bool restarts_ = world_.chance(300);               // Of the job manager.
  const bool handles_ = world_.chance(500) && !restarts_;  // Whether jobs keep state handles.
  bool slow_files_ = world_.chance(300);
  Clients clients_{world_, restarts_, handles_};
  std::unique_ptr<concurrency::SimulatedExecutor> strand_;  // Anew for each life, like the next.
  std::unique_ptr<SlowExecutor> io_;
  jobmanager::DispatcherOptions options_;  // Keep jobs where the job manager restarts.
  concurrency::SimulatedExecutor revive_{world_.time};
  blob::BlobStore blobs_;
  ha::MemoryJobStore store_;
  std::unique_ptr<jobmanager::Dispatcher> dispatcher_;
  FakeTaskManager::Planes planes_;
  std::vector<std::unique_ptr<FakeTaskManager>> task_managers_;
  std::vector<std::unique_ptr<concurrency::Executor::Timer>> revivals_;
};

}  // namespace

std::string runScenario(std::uint64_t seed) { return Scenario(seed).run(); }

}  // namespace weir::sim
