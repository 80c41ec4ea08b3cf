// What task managers keep over the loss of their job manager, and tell the next one; the third part
// of fake_cluster.cc.
#include <utility>

#include "common/base/overloaded.h"
#include "tests/sim/fake_cluster.h"

namespace weir::sim {

void FakeTaskManager::resume() {
  if (executor_ == nullptr || lost_ == 0) {
    start();
    return;
  }
  if (!(epoch_ < world_.epoch)) {  // That one has given it up.
    for (const runtime::ExecutionId& execution : std::set(undecided_)) {
      gaveUp(execution);
    }
  }
  connect();
  heartbeat();
  for (const runtime::ExecutionId& execution : undecided_) {
    tell(execution);
  }
}

void FakeTaskManager::adopted(const runtime::ExecutionId& execution) {
  world_.adopted += workers_.contains(execution) ? 1 : 0;
  undecided_.erase(execution);
}

/// What a later leader is told.
void FakeTaskManager::note(const runtime::TaskManagerReport& report) {
  std::visit(Overloaded{[this](const std::vector<runtime::TaskUpdate>& updates) {
                          for (const runtime::TaskUpdate& one : updates) {
                            runtime::TaskUpdate& sum = said_[one.execution][one.task];
                            const bool ended = sum.input_ended || one.input_ended;
                            if (!runtime::isTerminal(sum.state)) {
                              sum = one;
                            }
                            sum.input_ended = ended;
                          }
                        },
                        [this](const runtime::WorkerExited& exited) {
                          if (said_.contains(exited.execution)) {
                            exited_[exited.execution] = exited;
                          }
                        },
                        [](const auto&) {}},
             report);
}

}  // namespace weir::sim
