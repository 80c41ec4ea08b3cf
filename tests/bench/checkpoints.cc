// What checkpoints of a very large job cost its job manager: a coordinator with its files in memory
// and tasks that acknowledge at once. Prints a JSON line per figure; README.md has the definitions.

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <time.h>

#include "common/concurrency/simulated_executor.h"
#include "common/fs/memory_file_system.h"
#include "common/schema/schema.h"
#include "common/snapshot/metadata_file.h"
#include "common/snapshot/state_matching.h"
#include "common/wire/encoding.h"
#include "jobmanager/blob/blob_store.h"
#include "jobmanager/checkpoint/checkpoint_coordinator.h"
#include "jobmanager/execution/execution_graph.h"
#include "jobmanager/scheduler/job_view.h"

namespace weir::jobmanager {
namespace {

/// Of this thread, which is alone: what others of the machine take does not count.
struct Stopwatch {
  using time_point = double;  // Milliseconds.
  static time_point now() {
    ::timespec time{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_nsec) / 1e6;
  }
};

constexpr std::uint32_t kVertices = 2;
constexpr std::uint32_t kStates = 5;

double millisSince(Stopwatch::time_point start) { return Stopwatch::now() - start; }

double residentMebibytes() {
  std::ifstream status("/proc/self/statm");
  std::uint64_t pages = 0;
  std::uint64_t resident = 0;
  status >> pages >> resident;
  return static_cast<double>(resident) * 4096 / (1 << 20);
}

/// Counts how long its tasks run.
class TimedExecutor final : public concurrency::Executor {
 public:
  explicit TimedExecutor(concurrency::SimulatedTime& time) : executor_(time) {}
  void post(Task task) override { executor_.post(timed(std::move(task))); }
  [[nodiscard]] std::unique_ptr<Timer> schedule(Duration delay, Task task) override {
    return executor_.schedule(delay, timed(std::move(task)));
  }
  double millis() const { return millis_; }
  void add(double millis) { millis_ += millis; }

 private:
  Task timed(Task task) {
    return [this, task = std::move(task)] {
      const auto start = Stopwatch::now();
      task();
      millis_ += millisSince(start);
    };
  }
  concurrency::SimulatedExecutor executor_;
  double millis_ = 0;
};

class Tasks final : public CheckpointedTasks {
 public:
  void trigger(const runtime::CheckpointOrder& order) override { triggered = order.checkpoint; }
  void notify(CheckpointId id, bool complete) override { completed = complete ? id : completed; }
  std::string describe(const runtime::TaskId& task) const override { return task.vertex.hex(); }
  std::string hostOf(const runtime::TaskId& /*task*/) const override { return "host"; }
  std::string heldUp(const runtime::TaskId& /*task*/, std::int64_t /*since*/) const override {
    return "";
  }
  void point(ha::JobCheckpoints /*all*/, Callback<std::monostate> done) override { done(ok()); }
  void checkpointCompleted(CheckpointId /*id*/) override {}

  CheckpointId triggered;
  CheckpointId completed;
};

class NoDiscarder final : public HandleDiscarder {
 public:
  void discard(HandleDiscard /*what*/, Callback<std::vector<std::string>> done) override {
    done(std::vector<std::string>());
  }
};

OperatorId operatorId(std::uint32_t number) {
  Bytes16 bytes{};
  bytes[14] = static_cast<std::uint8_t>(number >> 8);
  bytes[15] = static_cast<std::uint8_t>(number);
  return OperatorId(bytes);
}

graph::JobGraph graphOf(std::uint32_t subtasks) {
  graph::JobGraph graph;
  graph.name = "large";
  for (std::uint32_t v = 0; v < kVertices; ++v) {
    graph::JobOperator one;
    one.id = operatorId(v + 1);
    one.uid = "operator-" + std::to_string(v);
    one.name = one.uid;
    one.kind = v == 0 ? "source" : "map";
    one.parallelism = subtasks / kVertices;
    one.max_parallelism = 32768;
    one.stateful = true;
    graph::JobVertex vertex;
    vertex.id = one.id;
    vertex.name = one.name;
    vertex.parallelism = one.parallelism;
    vertex.operators = {v};
    graph.operators.push_back(std::move(one));
    graph.vertices.push_back(std::move(vertex));
    if (v > 0) {
      graph::JobEdge edge;
      edge.source_vertex = v - 1;
      edge.target_vertex = v;
      edge.source_operator = v - 1;
      edge.target_operator = v;
      edge.partitioning = graph::Partitioning::kHash;
      graph.edges.push_back(edge);
    }
  }
  graph.checkpoints.enabled = true;
  graph.checkpoints.interval = std::chrono::seconds(1);
  return graph;
}

class Bench {
 public:
  Bench(std::uint32_t subtasks, int runs) : runs_(runs), graph_(graphOf(subtasks)) {
    CheckpointCoordinator::Setup setup{
        .origin = {job_, "", "bench"}, .program = nullptr, .storage = {}};
    setup.storage.kind = runtime::CheckpointStorage::Kind::kFileSystem;
    setup.storage.directory = directory_;
    const CheckpointServices services{strand_, io_, time_, files_, blobs_, discarder_};
    coordinator_ = std::make_unique<CheckpointCoordinator>(services, graph_, setup, tasks_);
    strand([&] { coordinator_->start(); });
  }

  void run() {
    std::vector<double> coordinator;
    std::vector<double> files;
    for (int i = 0; i <= runs_; ++i) {
      const double strand_before = strand_.millis();
      const double io_before = io_.millis();
      time_.advance(std::chrono::seconds(1));
      checkpoint(tasks_.triggered);
      if (i > 0) {  // The first one warms up.
        coordinator.push_back(strand_.millis() - strand_before);
        files.push_back(io_.millis() - io_before);
      }
    }
    print("coordinator time per checkpoint", coordinator, "ms");
    print("file threads per checkpoint, files in memory", files, "ms");
    abort();
    metadata();
    views();
    print("resident memory at the end", {residentMebibytes()}, "MiB");
  }

 private:
  template <typename Call>
  void strand(Call call) {
    const auto start = Stopwatch::now();
    call();
    strand_.add(millisSince(start));
  }

  runtime::CheckpointAck ackOf(CheckpointId id, std::uint32_t vertex, std::uint32_t subtask) {
    runtime::CheckpointAck ack;
    ack.checkpoint = id;
    ack.task = {graph_->vertices[vertex].id, subtask};
    ack.operators.resize(1);
    ack.operators[0].id = ack.task.vertex;
    char name[64];
    std::snprintf(name, sizeof name, "%08x-%u-1-%08x", vertex, subtask, subtask);
    const std::string path = directory_ + "/chk-" + std::to_string(id.value()) + "/" + name;
    static_cast<void>(fs::writeAll(files_, path, "x"));
    runtime::SectionHandle& handle = ack.operators[0].handle;
    handle.storage = runtime::SectionHandle::Storage::kFile;
    handle.location = path;
    handle.size = 100'000;
    for (std::uint32_t i = 0; i < kStates; ++i) {
      runtime::SavedState state;
      state.name = "state-" + std::to_string(i);
      state.entries = 1000;
      state.bytes = 20'000;
      ack.operators[0].states.push_back(std::move(state));
    }
    return ack;
  }

  /// As the strand sees it: acknowledgements arrive decoded.
  void checkpoint(CheckpointId id) {
    for (std::uint32_t v = 0; v < kVertices; ++v) {
      for (std::uint32_t subtask = 0; subtask < graph_->vertices[v].parallelism; ++subtask) {
        const runtime::CheckpointAck ack = ackOf(id, v, subtask);
        strand([&] { coordinator_->acknowledge(ack); });
      }
    }
    time_.runDue();
    if (tasks_.completed != id) {
      std::fprintf(stderr,
                   "checkpoint %llu did not complete\n",
                   static_cast<unsigned long long>(id.value()));
      std::exit(1);
    }
  }

  /// One that a task declines when half have acknowledged; the others do so late.
  void abort() {
    time_.advance(std::chrono::seconds(1));
    const CheckpointId id = tasks_.triggered;
    const double strand_before = strand_.millis();
    const double io_before = io_.millis();
    for (std::uint32_t v = 0; v < kVertices; ++v) {
      for (std::uint32_t subtask = 0; subtask < graph_->vertices[v].parallelism; ++subtask) {
        const runtime::CheckpointAck ack = ackOf(id, v, subtask);
        strand([&] { coordinator_->acknowledge(ack); });
      }
      if (v == 0) {
        strand([&] { coordinator_->decline({{}, id, {graph_->vertices[1].id, 0}, "no"}); });
      }
    }
    while (!coordinatorSettled()) {
      time_.step();
    }
    print("coordinator time of an aborted one", {strand_.millis() - strand_before}, "ms");
    print("file threads of an aborted one", {io_.millis() - io_before}, "ms");
  }

  bool coordinatorSettled() {
    bool settled = false;
    coordinator_->whenSettled([&] { settled = true; });
    return settled;
  }

  void metadata() {
    const runtime::CheckpointMetadata& latest = coordinator_->latest()->metadata;
    const std::string image = wire::encodeMetadata(latest);
    print("metadata", {static_cast<double>(image.size()) / 1024}, "KiB");
    std::vector<double> load;
    std::vector<double> restore;
    for (int i = 0; i < runs_; ++i) {
      auto start = Stopwatch::now();
      const auto read = snapshot::readMetadata(files_, latest.data_directory);
      load.push_back(millisSince(start));
      start = Stopwatch::now();
      const auto plan = snapshot::restoreSame(*read, graph_);
      restore.push_back(millisSince(start));
      if (plan.restores.tasks.empty()) {
        std::exit(1);
      }
    }
    print("loading the metadata", load, "ms");
    print("making the orders to restore", restore, "ms");
  }

  /// What HTTP shows, made anew every 20 ms at most.
  void views() {
    const ExecutionGraph execution(graph_, 0);
    std::vector<double> times;
    std::size_t checkpoints = 0;
    for (int i = 0; i < runs_; ++i) {
      const auto start = Stopwatch::now();
      const JobView view = JobView::of(execution, coordinator_->history());
      times.push_back(millisSince(start));
      checkpoints += view.checkpoints.size();
    }
    print(checkpoints > 0 ? "a view of the job" : "a view without checkpoints", times, "ms");
  }

  static void print(const std::string& what, std::vector<double> values, const std::string& unit) {
    std::sort(values.begin(), values.end());
    std::printf(
        "{\"figure\": \"%s\", \"median\": %.2f, \"min\": %.2f, \"max\": %.2f, \"unit\": \"%s\"}\n",
        what.c_str(),
        values[values.size() / 2],
        values.front(),
        values.back(),
        unit.c_str());
  }

  const int runs_;
  const JobId job_{Bytes16{1}};
  const std::string directory_ = "file:/c/" + job_.hex();
  concurrency::SimulatedTime time_;
  TimedExecutor strand_{time_};
  TimedExecutor io_{time_};
  fs::MemoryFileSystem files_;
  SeededRandom random_{1};
  blob::BlobStore store_{files_, "/blobs", time_, random_};
  StateBlobs blobs_{store_};
  NoDiscarder discarder_;
  graph::SharedGraph graph_;
  Tasks tasks_;
  std::unique_ptr<CheckpointCoordinator> coordinator_;
};

}  // namespace
}  // namespace weir::jobmanager

int main(int argc, char** argv) {
  const std::uint32_t subtasks =
      argc > 1 ? static_cast<std::uint32_t>(std::strtoul(argv[1], nullptr, 10)) : 10'000;
  const int runs = argc > 2 ? std::atoi(argv[2]) : 5;
  if (subtasks < 2 || runs < 1) {
    std::fprintf(stderr, "usage: bench_checkpoints [SUBTASKS] [RUNS]\n");
    return 2;
  }
  weir::jobmanager::Bench(subtasks, runs).run();
  return 0;
}
