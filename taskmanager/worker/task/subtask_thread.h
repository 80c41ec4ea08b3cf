#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "common/base/clock.h"
#include "common/program/program_graph.h"
#include "common/runtime/deployment.h"
#include "common/runtime/messages.h"
#include "taskmanager/worker/operators/operator_chain.h"
#include "taskmanager/worker/task/in_flight_restore.h"
#include "taskmanager/worker/task/mailbox.h"
#include "taskmanager/worker/task/poll_timer.h"
#include "taskmanager/worker/task/stop_request.h"
#include "taskmanager/worker/task/task_alarms.h"
#include "taskmanager/worker/task/task_checkpoints.h"
#include "taskmanager/worker/task/task_input.h"
#include "taskmanager/worker/task/task_outputs.h"
#include "taskmanager/worker/task/task_reports.h"
#include "taskmanager/worker/task/task_services.h"
#include "taskmanager/worker/task/task_steps.h"

namespace weir::worker {

/// Runs one subtask on a thread of its own: its operators, what enters and leaves them, its part in
/// checkpoints.
///
/// The loop handles mail, then takes a turn of TaskSteps. An input that has ended does not end the
/// task: it forwards barriers and takes snapshots until finish(). The thread reports every change
/// of state and ends with a terminal one; exceptions of user code end here.
///
/// Threads: constructor, addOutput() and start() by the worker; trigger(), notify(), finish(),
/// cancel(), fail() and lost() from any thread; the gate and the signal as they say.
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

  InputGate& gate() { return input_.gate(); }
  /// The channels of an outgoing edge, in order.
  void addOutput(std::uint32_t edge, std::vector<std::unique_ptr<OutputChannel>> channels) {
    outputs_.add(edge, std::move(channels));
  }
  /// `ended` is called last on the task's thread.
  void start(std::function<void()> ended);
  void join();

  bool isSource() const { return steps_.isSource(); }
  void trigger(const runtime::CheckpointOrder& order) { mailbox_.put(order); }
  void notify(CheckpointId checkpoint, bool completed) {
    mailbox_.put(NotifyMail{checkpoint, completed});
  }
  void finish() { mailbox_.put(FinishMail{}); }
  /// Ends in CANCELED; also wakes the task where it waits for room.
  void cancel() { stop_.cancel(); }
  /// Ends in FAILED with `cause`, unless the task is being cancelled.
  void fail(const std::string& cause) { stop_.fail(cause); }
  /// The same, unless the job stops: then peers that have finished go.
  void lost(const std::string& cause) { stop_.lost(cause); }
  /// Whether its operators have taken records without a failure. From any thread.
  bool processed() const { return steps_.processed(); }

 private:
  void run();
  void runGuarded();
  void prepare();
  void restoreState();
  void loop();
  void handleMail();
  void hearCompleted();
  void closeQuietly();
  /// From when on a barrier waits for what the task is about: of a source, an order for one.
  SteadyTime barrierWaits();
  std::string place() const;  // " (in 'operator', subtask 1 of 2)"

  const runtime::Deployment& deployment_;
  const graph::ProgramCode& code_;
  const runtime::TaskId id_;
  const std::uint32_t vertex_;
  TaskServices services_;
  WakeSignal signal_;  // Outlives all that may wake us.
  StopRequest stop_{signal_};
  Mailbox mailbox_{signal_};
  PollTimer poll_timer_{signal_};
  TaskInput input_;
  TaskOutputs outputs_;

  // Task's thread only.
  TaskAlarms alarms_;
  std::unique_ptr<OperatorChain> chain_;
  TaskReports reports_;
  std::unique_ptr<TaskCheckpoints> checkpoints_;  // From when the operators are made.
  TaskSteps steps_;
  bool prepared_ = false;  // Operators are open.
  bool finish_ = false;
  std::optional<SteadyTime> mail_since_;  // Seen while waiting for room, and not handled.

  std::function<void()> ended_;
  std::thread thread_;  // Last.
};

}  // namespace weir::worker
