#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "common/base/clock.h"
#include "common/base/random.h"
#include "common/concurrency/thread_executor.h"
#include "common/concurrency/thread_pool.h"
#include "common/fs/file_system.h"
#include "common/program/program_graph.h"
#include "common/runtime/messages.h"
#include "jobmanager/dispatcher/dispatcher_gateway.h"
#include "jobmanager/resources/task_manager_gateway.h"
#include "taskmanager/worker/task/worker.h"

namespace weir::jobmanager {

/// A task manager without a process: its workers are objects in this one, anew for each attempt.
///
/// Orders are carried out on a thread of its own, so that the job manager never waits for user
/// code. stop() before it is destroyed; shared with the dispatcher, which keeps it as a gateway.
class LocalTaskManager final : public TaskManagerGateway {
 public:
  /// Everything borrowed outlives it. `code` is that of the one job that is run.
  LocalTaskManager(DispatcherGateway& dispatcher,
                   graph::ProgramCode code,
                   fs::FileSystem& files,
                   Random& random,
                   const Clock& clock);
  ~LocalTaskManager() override;

  /// Registers with `slots` and beats from then on.
  void start(std::uint32_t slots);
  /// Cancels what still runs and waits for it.
  void stop();

  /// Whether operators of a worker that has ended have taken records. Safe from any thread.
  bool processed() const { return processed_; }

  void send(runtime::TaskManagerOrder order) override;
  void close(const std::string& reason) override;

 private:
  void handle(const runtime::TaskManagerOrder& order);
  void deploy(const runtime::Deployment& deployment);
  void discard(const runtime::DiscardHandles& order);
  void tell(const runtime::ExecutionId& execution, const runtime::WorkerOrder& order);
  void report(const runtime::WorkerReport& report);
  void ended(const runtime::ExecutionId& execution);
  void beat();

  struct Running {
    std::unique_ptr<worker::Worker> worker;
    bool told_to_end = false;
  };

  DispatcherGateway& dispatcher_;  // Borrowed from the cluster, like the references below.
  const graph::ProgramCode code_;
  fs::FileSystem& files_;
  Random& random_;
  const Clock& clock_;
  TaskManagerId id_;
  std::uint64_t beats_ = 0;
  std::atomic<bool> processed_{false};
  std::map<runtime::ExecutionId, Running> workers_;
  std::unique_ptr<concurrency::Executor::Timer> beat_timer_;
  concurrency::ThreadPool discards_{"discards", 1};   // Runs user code, which may take its time.
  concurrency::ThreadExecutor executor_{"local-tm"};  // Last member: stopped first.
};

}  // namespace weir::jobmanager
