#include "taskmanager/daemon/supervision/worker_reports.h"

#include <utility>

#include "common/base/overloaded.h"
#include "common/base/text.h"
#include "common/runtime/report_limits.h"
#include "common/wire/encoding.h"

namespace weir::taskmanager {

bool WorkerReports::take(const std::string& frame) {
  auto relayed = wire::decodeRelayed(frame);
  if (!relayed) {
    events_.broken(assignment_.workerOn(settings_.host) +
                       " broke the worker protocol: " + relayed.error().message(),
                   false);
    return false;
  }
  std::visit(Overloaded{[this](runtime::WorkerReport& report) { take(std::move(report)); },
                        [this](runtime::EncodedAck& ack) { handOn(std::move(ack)); }},
             *relayed);
  return true;
}

void WorkerReports::take(runtime::WorkerReport report) {
  runtime::forEachText(report, [](std::string& text) { text = cutText(text); });
  std::visit(Overloaded{[this](runtime::WorkerHello& hello) { events_.hello(hello); },
                        [this](runtime::LeaseTaken&) { events_.lease_taken(); },
                        [this](runtime::WorkerFailed& failed) {
                          failed_cause_ = std::move(failed.cause);
                          unrecoverable_ = failed.unrecoverable;
                          events_.failed();
                        },
                        [this](auto& of_an_attempt) {
                          handOn(runtime::WorkerReport(std::move(of_an_attempt)));
                        }},
             report);
}

void WorkerReports::handOn(runtime::EncodedAck ack) {
  if (open_ && ack.execution == assignment_.execution) {
    listener_.onAck(std::move(ack));
  }
}

void WorkerReports::handOn(runtime::WorkerReport report) {
  const runtime::ExecutionId* execution = runtime::executionOf(report);
  if (!open_ || execution == nullptr || *execution != assignment_.execution) {
    return;
  }
  if (const auto* update = std::get_if<runtime::TaskUpdate>(&report)) {
    if (const Status checked = checkUpdate(*update, assignment_, settings_); !checked) {
      events_.broken(checked.error().text(), true);
      return;
    }
    onUpdate(*update);
  }
  listener_.onReport(assignment_.execution, std::move(report));
}

void WorkerReports::onUpdate(const runtime::TaskUpdate& update) {
  tasks_reported_ = true;
  states_.note(update);
  if (runtime::isTerminal(update.state)) {
    ended_tasks_.insert(update.task);
  }
  if (tasksHaveEnded()) {
    events_.tasks_ended();
  }
}

}  // namespace weir::taskmanager
