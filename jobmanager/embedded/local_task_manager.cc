#include "jobmanager/embedded/local_task_manager.h"

#include <utility>

#include "common/base/overloaded.h"
#include "taskmanager/worker/task/discard_handles.h"

namespace weir::jobmanager {
namespace {

constexpr Duration kBeat = std::chrono::seconds(2);

}  // namespace

LocalTaskManager::LocalTaskManager(DispatcherGateway& dispatcher,
                                   graph::ProgramCode code,
                                   fs::FileSystem& files,
                                   Random& random,
                                   const Clock& clock)
    : dispatcher_(dispatcher),
      code_(std::move(code)),
      files_(files),
      random_(random),
      clock_(clock),
      id_(TaskManagerId::random(random)) {}

LocalTaskManager::~LocalTaskManager() { executor_.shutdown(); }

void LocalTaskManager::start(std::uint32_t slots) {
  runtime::Registration registration;
  registration.id = id_;
  registration.host = "localhost";
  registration.slots = slots;
  // Not owned through this pointer: the dispatcher lets go of it before the cluster ends.
  std::shared_ptr<TaskManagerGateway> self(this, [](TaskManagerGateway*) {});
  dispatcher_.registerTaskManager(
      std::move(registration), {}, std::move(self), [](const Status&) {});
  executor_.post([this] { beat(); });
}

void LocalTaskManager::stop() {
  executor_.runSync([this] {
    beat_timer_.reset();
    workers_.clear();
  });
  executor_.shutdown();
}

void LocalTaskManager::send(runtime::TaskManagerOrder order) {
  executor_.post([this, order = std::move(order)] { handle(order); });
}

void LocalTaskManager::close(const std::string& /*reason*/) {
  executor_.post([this] { beat_timer_.reset(); });
}

void LocalTaskManager::beat() {
  runtime::Heartbeat heartbeat;
  heartbeat.sequence = ++beats_;
  for (const auto& [execution, running] : workers_) {
    heartbeat.running.push_back(execution);
  }
  dispatcher_.report(id_, this, std::move(heartbeat));
  beat_timer_ = executor_.schedule(kBeat, [this] { beat(); });
}

void LocalTaskManager::handle(const runtime::TaskManagerOrder& order) {
  std::visit(Overloaded{
                 [this](const runtime::Deployment& deployment) { deploy(deployment); },
                 [this](const runtime::DiscardHandles& discards) { discard(discards); },
                 [](const runtime::ProbeOrder&) {},  // There is one file system; nothing is probed.
                 [](const runtime::ReleaseBlobsOrder&) {},
                 [](const runtime::DiscardOrder&) {},  // Reports are not lost on the way here.
                 [this](const runtime::CancelOrder& one) { tell(one.execution, one); },
                 [this](const runtime::FinishOrder& one) { tell(one.execution, one); },
                 [this](const runtime::TriggerOrder& one) { tell(one.execution, one); },
                 [this](const runtime::NotifyOrder& one) { tell(one.execution, one); },
             },
             order);
}

void LocalTaskManager::discard(const runtime::DiscardHandles& order) {
  auto shared = std::make_shared<const runtime::DiscardHandles>(order);  // Copied with the task.
  const Status posted = discards_.tryPost([this, shared] {
    const Status discarded =
        worker::discardHandles(*shared, code_, files_, [this](const runtime::HandleDiscarded& one) {
          dispatcher_.report(id_, this, one);
          return true;
        });
    dispatcher_.report(
        id_,
        this,
        runtime::WorkerExited{
            shared->execution, discarded.has_value(), discarded ? "" : discarded.error().text()});
  });
  if (!posted) {
    dispatcher_.report(
        id_, this, runtime::WorkerExited{order.execution, false, posted.error().text()});
  }
}

void LocalTaskManager::deploy(const runtime::Deployment& deployment) {
  const runtime::ExecutionId execution = deployment.execution;
  auto worker = worker::Worker::make(
      deployment,
      code_,
      {.files = files_,
       .random = random_,
       .clock = clock_,
       .report = [this](const runtime::WorkerReport& one) { report(one); },
       .ended = [this, execution] { executor_.post([this, execution] { ended(execution); }); }});
  if (!worker) {
    runtime::WorkerExited exited;
    exited.execution = execution;
    exited.cause = worker.error().text();
    dispatcher_.report(id_, this, std::move(exited));
    return;
  }
  Running& running = workers_[execution];
  running.worker = *std::move(worker);
  running.worker->start();
}

void LocalTaskManager::tell(const runtime::ExecutionId& execution,
                            const runtime::WorkerOrder& order) {
  auto found = workers_.find(execution);
  if (found == workers_.end()) {
    return;
  }
  found->second.told_to_end |= std::holds_alternative<runtime::CancelOrder>(order) ||
                               std::holds_alternative<runtime::FinishOrder>(order);
  found->second.worker->handle(order);
}

void LocalTaskManager::report(const runtime::WorkerReport& report) {
  std::visit(
      Overloaded{
          [](const runtime::WorkerHello&) {},
          [](const runtime::WorkerFailed&) {},
          [](const runtime::LeaseTaken&) {},
          [this](const runtime::TaskUpdate& update) {
            dispatcher_.report(id_, this, std::vector{update});
          },
          [this](const runtime::CheckpointAck& ack) { dispatcher_.report(id_, this, ack); },
          [this](const runtime::CheckpointDecline& decline) {
            dispatcher_.report(id_, this, decline);
          },
          [this](const runtime::HandleDiscarded& one) { dispatcher_.report(id_, this, one); },
      },
      report);
}

void LocalTaskManager::ended(const runtime::ExecutionId& execution) {
  auto found = workers_.find(execution);
  if (found == workers_.end()) {
    return;
  }
  runtime::WorkerExited exited;
  exited.execution = execution;
  exited.expected = found->second.told_to_end;
  found->second.worker->join();
  processed_ = processed_ || found->second.worker->processed();
  workers_.erase(found);
  dispatcher_.report(id_, this, std::move(exited));
}

}  // namespace weir::jobmanager
