#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "common/base/clock.h"
#include "common/base/lease.h"
#include "common/fs/file_system.h"
#include "common/runtime/deployment.h"
#include "common/runtime/messages.h"
#include "taskmanager/worker/checkpoint/barrier_handler.h"
#include "taskmanager/worker/checkpoint/snapshot_store.h"
#include "taskmanager/worker/network/channel_plan.h"
#include "taskmanager/worker/network/edge_sender.h"
#include "taskmanager/worker/network/input_gate.h"
#include "taskmanager/worker/operators/operator_chain.h"
#include "taskmanager/worker/task/mailbox.h"
#include "taskmanager/worker/task/pace.h"
#include "taskmanager/worker/task/waker.h"

namespace weir::worker {

/// State of a snapshot does not fit the operator or cannot be read; fails the task.
class RestoreError : public std::runtime_error {
 public:
  explicit RestoreError(const Error& error)
      : std::runtime_error(error.text()),
        unrecoverable_(error.code() == ErrorCode::kInvalidArgument) {}
  /// It does not fit, and never will; what cannot be read now may be read later.
  bool unrecoverable() const { return unrecoverable_; }

 private:
  bool unrecoverable_;
};

/// The accumulators of a task have grown beyond their bound; fails the job for good.
class AccumulatorsTooLargeError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// What a subtask borrows from its worker, which outlives it.
struct TaskServices {
  BufferPool& buffers;
  SnapshotStore& snapshots;
  fs::FileSystem& files;
  const Clock& clock;
  const Lease* lease;  ///< May be null.
  /// Called from the task's thread.
  const std::function<void(runtime::WorkerReport)>& report;
  std::uint64_t most_accumulators;  ///< Bytes that the accumulators of one task may hold.
};

/// Runs one subtask: its operators, input and checkpoints, on a thread of its own.
///
/// The loop handles mail, then about a millisecond's worth of records, and sleeps when there is
/// nothing or no room downstream. An input that has ended does not end the task: it forwards
/// barriers and takes snapshots until finish(). The thread reports every change of state and ends
/// with a terminal one; exceptions of user code end here.
///
/// Threads: constructor, addOutput() and start() by the worker; trigger(), notify(), finish(),
/// cancel() and fail() from any thread; the gate and the signal as they say.
class SubtaskThread {
 public:
  /// `deployment` and `code`, which is that of its graph, outlive the task.
  SubtaskThread(const runtime::Deployment& deployment,
                const graph::ProgramCode& code,
                std::uint32_t vertex,
                std::uint32_t subtask,
                std::chrono::milliseconds buffer_timeout,
                TaskServices services);
  /// Waits for the thread.
  ~SubtaskThread();
  SubtaskThread(const SubtaskThread&) = delete;
  SubtaskThread& operator=(const SubtaskThread&) = delete;

  InputGate& gate() { return gate_; }
  /// The channels of an outgoing edge, in order.
  void addOutput(std::uint32_t edge, std::vector<std::unique_ptr<OutputChannel>> channels);
  /// `ended` is called last on the task's thread.
  void start(std::function<void()> ended);
  void join();

  bool isSource() const { return sections_.empty(); }
  void trigger(const runtime::CheckpointOrder& order) { mailbox_.put(order); }
  void notify(CheckpointId checkpoint, bool completed) {
    mailbox_.put(NotifyMail{checkpoint, completed});
  }
  void finish() { mailbox_.put(FinishMail{}); }
  /// Ends in CANCELED; also wakes the task where it waits for room.
  void cancel();
  /// Whether its operators have taken records without a failure. From any thread.
  bool processed() const { return processed_.load(std::memory_order_relaxed); }
  /// Ends in FAILED with `cause`, unless the task is being cancelled.
  void fail(const std::string& cause);

 private:
  static constexpr std::chrono::seconds kReportInterval{1};

  enum class Step : std::uint8_t { kWorked, kIdle, kBlocked };
  struct Port {  // One incoming edge.
    std::uint32_t edge = 0;
    std::uint32_t open = 0;  // Channels that have not ended.
    functions::EdgeReader* reader = nullptr;
  };

  void run();
  void runGuarded();
  void prepare();
  Status restore();
  void loop();
  void handleMail();
  Step step();
  Step poll();
  void notePolled();
  Step read();
  bool outputsHaveRoom();
  Duration waitedForRoom() const;
  /// Ends a sub-batch: paces the next one, and notes that buffers may be started.
  SteadyTime worked(SteadyTime start, Duration waited_before, bool full);
  void afterWork();
  void rest(Step step);
  void flush();

  void onEvent(std::uint32_t channel, const Event& event);
  void onEndOfInput(std::uint32_t channel);
  void apply(std::uint32_t channel, BarrierVerdict verdict);
  void inputEnded();
  void takeSnapshot(const runtime::CheckpointOrder& order, Duration alignment);
  void onNotify(const NotifyMail& mail);

  void hearCompleted();
  void closeQuietly();
  std::string describeFailure(const std::exception_ptr& thrown) const;
  std::string place() const;  // " (in 'operator', subtask 1 of 2)"
  void report(runtime::TaskState state, std::string cause = {});
  void reportProgress(SteadyTime now);
  runtime::TaskMetrics metrics() const;
  std::vector<runtime::AccumulatorValue> accumulators() const;  // Throws when they are too large.

  const runtime::Deployment& deployment_;
  const graph::ProgramCode& code_;
  const runtime::TaskId id_;
  const std::uint32_t vertex_;
  const std::chrono::milliseconds buffer_timeout_;
  TaskServices services_;
  WakeSignal signal_;  // Outlives all that may wake us.
  std::atomic<bool> stop_{false};
  Mailbox mailbox_{signal_};
  Waker waker_{signal_};
  const std::vector<GateSection> sections_;
  InputGate gate_;
  std::map<std::uint32_t, std::unique_ptr<EdgeSender>> senders_;  // By edge.

  // Task's thread only.
  std::unique_ptr<OperatorChain> chain_;
  std::unique_ptr<BarrierHandler> barriers_;
  std::vector<Port> ports_;
  std::vector<std::uint32_t> port_of_;  // By gate channel.
  std::uint32_t open_ports_ = 0;
  std::optional<Arrival> current_;  // Being read.
  std::size_t offset_ = 0;
  Port* reading_ = nullptr;
  Pace pace_;
  BackOff back_off_;
  SteadyTime next_poll_{};
  bool input_ended_ = false;
  bool finish_ = false;
  bool prepared_ = false;  // Operators are open.
  bool dirty_ = false;     // Something may wait in a started buffer since flush_due_ - timeout.
  SteadyTime now_{};       // As of the last step.
  SteadyTime flush_due_{};
  SteadyTime next_report_{};
  CheckpointId last_snapshot_;
  std::uint64_t bytes_in_ = 0;
  bool reported_stale_ = true;  // Something happened since the last report.
  runtime::TaskMetrics reported_metrics_;
  std::atomic<bool> processed_{false};  // A batch of records went through the operators.
  std::vector<runtime::AccumulatorValue> reported_accumulators_;

  std::mutex failure_mutex_;
  std::string failure_;  // From outside; empty: cancelled.
  bool unrecoverable_ = false;
  bool cancelled_ = false;
  std::function<void()> ended_;
  std::thread thread_;  // Last.
};

}  // namespace weir::worker
