#include "common/testing/job_run.h"

#include <algorithm>
#include <numeric>
#include <stdexcept>
#include <thread>
#include <utility>

#include "common/snapshot/graph_operators.h"
#include "common/testing/memory_section.h"
#include "taskmanager/worker/network/channel_plan.h"
#include "taskmanager/worker/network/input_gate.h"

namespace weir::testing {

namespace {

constexpr std::size_t kSegmentBytes = 32 << 10;
constexpr std::size_t kSegments = 4096;
constexpr std::int64_t kLongestPause = 10;  // In milliseconds.
constexpr std::size_t kTurn = 64;           // Records of a turn.
constexpr std::size_t kMostOfATurn = 16;  // The same with a seed: fewer, so that more is in flight.

/// A channel that takes what a turn that has begun emits, full or not: nobody would make room
/// while its sender waits. A turn begins where there is room.
class PatientChannel final : public worker::OutputChannel {
 public:
  PatientChannel(worker::InputGate& gate, std::uint32_t channel) : inner_(gate, channel) {}
  bool trySend(functions::Buffer& buffer,
               std::uint32_t /*window*/,
               worker::WakeSignal& sender,
               std::vector<functions::Buffer>& recycled) override {
    return inner_.trySend(buffer, std::numeric_limits<std::uint32_t>::max(), sender, recycled);
  }
  bool hasRoom(std::uint32_t window, worker::WakeSignal& sender) override {
    return inner_.hasRoom(window, sender);
  }
  void sendSignal(const functions::Signal& signal) override { inner_.sendSignal(signal); }
  std::uint32_t inFlight() const override { return inner_.inFlight(); }

 private:
  worker::LocalChannel inner_;
};

runtime::Deployment deploymentOf(JobRun::Setup& setup) {
  runtime::Deployment deployment;
  deployment.execution = setup.execution;
  deployment.graph = setup.graph;
  deployment.restores = std::move(setup.restores);
  for (const graph::JobVertex& vertex : setup.graph->vertices) {
    deployment.placement.emplace_back(vertex.parallelism, 0);
  }
  return deployment;
}

void addName(std::string& names, const JobTask& task) {
  names += (names.empty() ? "'" : ", '") + task.name() + "' (" +
           std::to_string(task.subtask() + 1) + ")";
}

}  // namespace

JobRun::JobRun(Setup setup)
    : deployment_(deploymentOf(setup)),
      random_(setup.random),
      time_(setup.now),
      buffers_(kSegmentBytes, kSegments) {
  const JobTask::Parts parts{deployment_, *setup.code, buffers_, *setup.files, clock_, time_};
  const auto& vertices = deployment_.graph->vertices;
  for (std::uint32_t vertex = 0; vertex < vertices.size(); ++vertex) {
    first_.push_back(tasks_.size());
    for (std::uint32_t subtask = 0; subtask < vertices[vertex].parallelism; ++subtask) {
      tasks_.push_back(
          std::make_unique<JobTask>(parts, vertex, subtask, [this](runtime::CheckpointAck ack) {
            const runtime::TaskId task = ack.task;
            acks_.insert_or_assign(task, std::move(ack));
          }));
    }
  }
  order_.resize(tasks_.size());
  std::iota(order_.begin(), order_.end(), 0);
  connect();
}

JobRun::~JobRun() = default;

JobTask& JobRun::taskOf(std::uint32_t vertex, std::uint32_t subtask) {
  return *tasks_[first_[vertex] + subtask];
}

void JobRun::connect() {
  using Outputs = std::vector<std::unique_ptr<worker::OutputChannel>>;
  std::map<std::pair<std::uint32_t, std::uint32_t>, Outputs> outputs;  // By edge and producer.
  for (const worker::PlannedChannel& channel :
       worker::planChannels(deployment_.graph, deployment_.placement, 0)) {
    JobTask& consumer =
        taskOf(deployment_.graph->edges[channel.edge].target_vertex, channel.consumer);
    outputs[{channel.edge, channel.producer}].push_back(
        std::make_unique<PatientChannel>(consumer.gate(), channel.gate_channel));
  }
  for (auto& [key, channels] : outputs) {
    taskOf(deployment_.graph->edges[key.first].source_vertex, key.second)
        .addOutput(key.first, std::move(channels));
  }
}

void JobRun::open() {
  for (const auto& task : tasks_) {
    task->prepare();
  }
  time_.moveTo(time_.now());  // Timers whose time has passed since the snapshot.
}

bool JobRun::round() {
  if (random_ != nullptr) {
    std::ranges::shuffle(order_, *random_);
  }
  bool worked = false;
  for (const std::size_t index : order_) {
    const std::size_t limit = random_ == nullptr ? kTurn : 1 + (*random_)() % kMostOfATurn;
    worked = tasks_[index]->turn(limit) || worked;
  }
  return worked;
}

bool JobRun::ended() const {
  return std::ranges::all_of(tasks_, [](const auto& task) { return task->ended(); });
}

bool JobRun::sourcesEnded() const {
  return std::ranges::all_of(
      tasks_, [](const auto& task) { return !task->isSource() || task->inputsEnded(); });
}

void JobRun::pause() {
  const auto now = std::chrono::steady_clock::now();
  const auto least = now + std::chrono::milliseconds(1);
  const auto most = now + std::chrono::milliseconds(kLongestPause);
  std::this_thread::sleep_until(std::clamp(pollAgainAt(), least, most));
  if (sourcesEnded() && time_.next() <= time_.now() + kLongestPause) {
    time_.moveTo(time_.next());
  }
}

SteadyTime JobRun::pollAgainAt() const {
  SteadyTime first = SteadyTime::max();
  for (const auto& task : tasks_) {
    if (task->isSource() && !task->ended()) {
      first = std::min(first, task->pollAgainAt());
    }
  }
  return first;
}

std::string JobRun::waitsFor() const {
  std::string names;
  for (const bool sources : {true, false}) {
    for (const auto& task : tasks_) {
      if (task->isSource() == sources && !task->ended()) {
        addName(names, *task);
      }
    }
    if (!names.empty()) {
      break;
    }
  }
  return names;
}

/// As waitsFor(), of those whose part of the snapshot is missing.
std::string JobRun::missingAcks() const {
  std::string names;
  for (const auto& task : tasks_) {
    if (!acks_.contains(task->id())) {
      addName(names, *task);
    }
  }
  return names;
}

runtime::CheckpointMetadata JobRun::snapshot(CheckpointId checkpoint, bool savepoint) {
  acks_.clear();
  const functions::Barrier barrier{checkpoint, time_.now(), savepoint};
  for (const auto& task : tasks_) {
    if (task->isSource()) {
      task->trigger(barrier);
    }
  }
  auto idle_since = std::chrono::steady_clock::now();
  while (acks_.size() < tasks_.size()) {
    if (round()) {
      idle_since = std::chrono::steady_clock::now();
    } else if (acks_.size() < tasks_.size()) {
      if (std::chrono::steady_clock::now() - idle_since > kMostIdle) {
        throw std::runtime_error("checkpoint " + std::to_string(checkpoint.value()) +
                                 " waits for " + missingAcks() + ", which had nothing to do for " +
                                 std::to_string(kMostIdle.count()) +
                                 " s: an asynchronous function takes no more before it is "
                                 "answered; answer it, or advance() past its time-out before");
      }
      pause();
    }
  }
  runtime::CheckpointMetadata metadata;
  metadata.job = deployment_.execution.job;
  metadata.job_name = deployment_.graph->name;
  metadata.checkpoint = checkpoint;
  metadata.savepoint = savepoint;
  metadata.trigger_millis = time_.now();
  metadata.max_parallelism = deployment_.graph->max_parallelism;
  metadata.operators = snapshot::operatorsOf(deployment_.graph, acks_);
  return metadata;
}

void JobRun::complete(CheckpointId checkpoint) {
  for (const auto& task : tasks_) {
    task->complete(checkpoint);
  }
}

void JobRun::finish() {
  for (const auto& task : tasks_) {
    task->finish();
  }
}

std::vector<functions::EncodedAccumulator> JobRun::accumulators() const {
  std::map<std::string, functions::EncodedAccumulator> merged;
  for (const auto& task : tasks_) {
    for (const runtime::AccumulatorValue& one : task->chain().accumulators()) {
      const functions::EncodedAccumulator value{one.name, one.type, one.bytes};
      const auto [known, added] = merged.emplace(one.name, value);
      if (!added) {
        throwUnlessOk(functions::mergeAccumulator(known->second, value));
      }
    }
  }
  std::vector<functions::EncodedAccumulator> all;
  for (auto& [name, value] : merged) {
    all.push_back(std::move(value));
  }
  return all;
}

}  // namespace weir::testing
