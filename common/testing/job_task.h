#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "common/base/clock.h"
#include "common/fs/file_system.h"
#include "common/program/program_graph.h"
#include "common/runtime/deployment.h"
#include "common/runtime/messages.h"
#include "taskmanager/worker/memory/buffer_pool.h"
#include "taskmanager/worker/network/output_channel.h"
#include "taskmanager/worker/network/wake_signal.h"
#include "taskmanager/worker/operators/operator_chain.h"
#include "taskmanager/worker/task/task_input.h"
#include "taskmanager/worker/task/task_outputs.h"

namespace weir::testing {

/// One subtask of a job that takes its turns when it is told to: what enters and leaves it and its
/// operators are those of a worker, without the thread.
///
/// What user code throws passes through; what cannot be restored or stored is a std::runtime_error.
/// One thread.
class JobTask {
 public:
  /// Of the job, which outlives its tasks.
  struct Parts {
    const runtime::Deployment& deployment;
    const graph::ProgramCode& code;
    worker::BufferPool& buffers;
    fs::FileSystem& files;
    const Clock& clock;  ///< Does not move: the flow over channels goes by it.
    functions::ProcessingTime& time;
  };
  /// Is given what the task stores for a checkpoint, in which its barriers have come together.
  using Acknowledge = std::function<void(runtime::CheckpointAck)>;

  JobTask(const Parts& parts, std::uint32_t vertex, std::uint32_t subtask, Acknowledge acknowledge);
  ~JobTask();
  JobTask(const JobTask&) = delete;
  JobTask& operator=(const JobTask&) = delete;

  /// Before prepare(), as are the outputs.
  worker::InputGate& gate() { return input_.gate(); }
  void addOutput(std::uint32_t edge, std::vector<std::unique_ptr<worker::OutputChannel>> channels);
  /// Makes, restores and opens the operators.
  void prepare();

  /// About `limit` records, or a signal, if there is any and there is room for what comes of it.
  /// Answers whether there was.
  bool turn(std::size_t limit);
  bool isSource() const { return input_.empty(); }
  /// Whether all its inputs have ended, and what its operators do beside them.
  bool ended() const { return ended_; }
  /// The same without what operators do beside them.
  bool inputsEnded() const { return ending_; }
  /// When a source that has nothing wants to be asked again.
  SteadyTime pollAgainAt() const { return chain_->pollAgainAt(); }

  /// Of a source: takes its part in a checkpoint, and sends its barrier on.
  void trigger(const functions::Barrier& barrier) { snapshot(barrier); }
  void complete(CheckpointId checkpoint) { chain_->notifyComplete(checkpoint); }
  /// The job has done all it had to.
  void finish();
  /// The job has failed or goes away; what close() throws is lost.
  void cancel();

  const std::string& name() const;
  std::uint32_t subtask() const { return id_.subtask; }
  const runtime::TaskId& id() const { return id_; }
  const worker::OperatorChain& chain() const { return *chain_; }

 private:
  bool handOut();
  bool poll(std::size_t limit);
  bool read(std::size_t limit);
  void endSource();
  void take(worker::TaskInput::Joined joined);
  void snapshot(const functions::Barrier& barrier);
  std::unique_ptr<worker::OperatorChain> makeChain();

  const Parts parts_;
  const runtime::TaskId id_;
  const std::uint32_t vertex_;
  const Acknowledge acknowledge_;
  worker::WakeSignal signal_;  // Nobody sleeps.
  const std::atomic<bool> stop_{false};
  worker::TaskInput input_;
  worker::TaskOutputs outputs_;
  std::unique_ptr<worker::OperatorChain> chain_;
  bool ending_ = false;  // All inputs have ended.
  bool ended_ = false;
};

}  // namespace weir::testing
