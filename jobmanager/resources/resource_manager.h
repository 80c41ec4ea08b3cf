#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/base/result.h"
#include "common/concurrency/executor.h"
#include "common/runtime/adoption.h"
#include "common/runtime/messages.h"
#include "jobmanager/resources/callback.h"
#include "jobmanager/resources/slot_sharing.h"
#include "jobmanager/resources/task_manager_gateway.h"
#include "jobmanager/resources/task_manager_view.h"

namespace weir::jobmanager {

/// The task managers of the cluster and who holds their slots.
///
/// A slot is given with allocate() and free again only when its worker's exit was reported, when it
/// was given back undeployed, or when the task manager says that no such worker lives. What a lost
/// task manager held is remembered: its old workers may still live when it registers again.
///
/// Threads: the strand of the dispatcher only; callbacks come on it, never inside the call.
class ResourceManager {
 public:
  using LostHandler = std::function<void(TaskManagerId, const std::string& reason)>;

  /// `lost` is called for each task manager that is gone, silent ones included.
  ResourceManager(concurrency::Executor& strand,
                  const Clock& clock,
                  Duration heartbeat_timeout,
                  LostHandler lost);

  /// kFailedPrecondition when the protocol versions do not match. A second registration of the same
  /// id first loses the earlier one. What it holds from earlier connections takes its slots.
  Status add(runtime::Registration registration,
             std::shared_ptr<TaskManagerGateway> gateway,
             const runtime::Holdings& holdings = {});
  /// Whether `gateway` is the connection in force of that task manager.
  bool isCurrent(TaskManagerId id, const TaskManagerGateway* gateway) const;
  void heartbeat(TaskManagerId id, const runtime::Heartbeat& heartbeat);
  void remove(TaskManagerId id, const std::string& reason);
  void workerExited(TaskManagerId id, const runtime::ExecutionId& execution) {
    giveBack(id, execution);
  }

  /// Takes the slots of an attempt, waiting up to `wait` for task managers to register or slots to
  /// become free; then kResourceExhausted with a sentence that lists what there is. `graph` must
  /// live until the answer or withdraw().
  void allocate(const runtime::ExecutionId& execution,
                const graph::JobGraph& graph,
                Duration wait,
                Callback<Placement> done);
  /// What a request that waits lacks, as it would be answered; nullopt when none waits.
  std::optional<Error> shortageOf(const runtime::ExecutionId& execution) const;
  /// Forgets a waiting request without an answer.
  void withdraw(const runtime::ExecutionId& execution);
  /// Frees slots of an attempt on one task manager that never got its deployment.
  void giveBack(TaskManagerId id, const runtime::ExecutionId& execution);

  /// nullptr when it is not registered.
  TaskManagerGateway* gateway(TaskManagerId id) const;
  const runtime::Registration* registration(TaskManagerId id) const;
  std::vector<TaskManagerId> ids() const;
  std::vector<TaskManagerView> views() const;
  /// Ends every connection: where there is a next leader, it may go on with what runs.
  void close(const std::string& reason);

 private:
  struct TaskManager {
    runtime::Registration registration;
    std::shared_ptr<TaskManagerGateway> gateway;  // Shared with the connection's own threads.
    std::uint64_t order = 0;                      // Of registration.
    SteadyTime last_heard;
    WallTime last_heartbeat;
    std::uint64_t free_memory = 0;
    bool heard = false;  // A heartbeat since the registration.
  };
  struct Request {
    runtime::ExecutionId execution;
    const graph::JobGraph* graph;
    Callback<Placement> done;
    std::unique_ptr<concurrency::Executor::Timer> deadline;
  };
  using Holdings = std::map<runtime::ExecutionId, std::uint32_t>;

  std::uint32_t freeSlots(TaskManagerId id, const TaskManager& task_manager) const;
  bool tryServe(const runtime::ExecutionId& execution,
                const graph::JobGraph& graph,
                Callback<Placement>& done);
  void serve();
  void expire(const runtime::ExecutionId& execution);
  Error shortage(const graph::JobGraph& graph) const;
  void answer(Callback<Placement> done, Result<Placement> result);
  void watch();

  concurrency::Executor& strand_;  // Borrowed from the dispatcher's owner.
  const Clock& clock_;             // Likewise.
  const Duration heartbeat_timeout_;
  LostHandler lost_;
  std::uint64_t registrations_ = 0;
  std::map<TaskManagerId, TaskManager> task_managers_;
  std::map<TaskManagerId, Holdings> held_;  // Also of lost task managers, until they come back.
  /// Of those, what stems from a lost connection: freed when the first heartbeat of the next one
  /// does not name it.
  std::map<TaskManagerId, std::set<runtime::ExecutionId>> leftovers_;
  std::list<Request> waiting_;                                  // In order of arrival.
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // Watched by posted answers.
  std::unique_ptr<concurrency::Executor::Timer> watch_timer_;
  SteadyTime watched_at_;
};

}  // namespace weir::jobmanager
