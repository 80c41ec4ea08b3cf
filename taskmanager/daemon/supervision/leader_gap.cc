#include "taskmanager/daemon/supervision/leader_gap.h"

#include <algorithm>
#include <utility>

#include "common/base/crash_point.h"
#include "common/base/lease.h"
#include "common/telemetry/log.h"

namespace weir::taskmanager {

bool LeaderGap::begin(const SessionTerms& lost) {
  if (lost.adoption_timeout == Duration::zero()) {
    drop();
    return false;
  }
  epoch_ = std::max(epoch_, lost.epoch);
  const std::int64_t now = nanosSinceBoot();
  // Those of an earlier gap that nobody has decided on get no more time by this one.
  until_ = isOpen() ? std::min(until_, now + lost.adoption_timeout.count())
                    : now + lost.adoption_timeout.count();
  for (const auto& [execution, entry] : ledger_.entries()) {
    undecided_.insert(execution);
  }
  if (isOpen()) {
    deadline_ =
        loop_.schedule(Duration(std::max<std::int64_t>(until_ - now, 0)), [this] { expire(); });
  }
  workers_.forEach([](SupervisedWorker& worker) {
    if (worker.assignment().discards_handles) {
      worker.kill();  // The next leader orders it again.
    }
  });
  workers_.renewLeases(until_);
  announce();
  return true;
}

void LeaderGap::announce() {
  runtime::Holdings holdings;
  for (const auto& [execution, slots] : workers_.slots().held()) {
    holdings.attempts.push_back({execution, slots});
  }
  for (const runtime::ExecutionId& execution : undecided_) {
    if (!workers_.slots().held().contains(execution)) {
      holdings.attempts.push_back({execution, 0});
    }
  }
  holdings.newest = isOpen() ? epoch_ : LeaderEpoch();
  link_.setHoldings(std::move(holdings));
}

bool LeaderGap::sessionBegins(const SessionTerms& terms) {
  ledger_.setMemory(terms.adoption_timeout);
  if (!isOpen()) {
    epoch_ = terms.epoch;
    return true;
  }
  const bool newer = terms.epoch > epoch_;
  epoch_ = std::max(epoch_, terms.epoch);
  if (!newer || terms.adoption_timeout == Duration::zero()) {
    log::warn("the job manager has given up what runs here, killing it");
    return false;
  }
  for (const runtime::ExecutionId& execution : undecided_) {
    tell(execution);
  }
  crashPoint("adoption.told");
  log::info("told the next job manager what runs here",
            {{"epoch", terms.epoch.value()}, {"attempts", undecided_.size()}});
  return true;
}

void LeaderGap::tell(const runtime::ExecutionId& execution) {
  if (const auto found = ledger_.entries().find(execution); found != ledger_.entries().end()) {
    for (const auto& [task, update] : found->second.tasks) {
      reports_.add(update);
    }
    reports_.flush();
    if (found->second.exited) {
      reports_.send(*found->second.exited);
    }
  }
  link_.told(execution);
}

void LeaderGap::adopt(const runtime::ExecutionId& execution) {
  log::info("the job manager has adopted an attempt",
            {{"job", execution.job.hex()}, {"attempt", execution.attempt.value()}});
  decided(execution);
}

void LeaderGap::giveUp(const runtime::ExecutionId& execution) {
  log::info("the job manager gives an attempt up, killing it",
            {{"job", execution.job.hex()}, {"attempt", execution.attempt.value()}});
  decided(execution);
  ledger_.forget(execution);
  if (workers_.find(execution) == nullptr) {
    reports_.send(runtime::WorkerExited{execution, true, ""});
  }
  kill(execution);
}

void LeaderGap::kill(const runtime::ExecutionId& execution) {
  if (SupervisedWorker* worker = workers_.find(execution)) {
    worker->kill();
  }
}

void LeaderGap::killAll() {
  drop();
  workers_.forEach([](SupervisedWorker& worker) { worker.kill(); });
  announce();
}

void LeaderGap::decided(const runtime::ExecutionId& execution) {
  undecided_.erase(execution);
  if (!isOpen()) {
    deadline_.reset();
  }
}

void LeaderGap::drop() {
  for (const runtime::ExecutionId& execution : std::exchange(undecided_, {})) {
    ledger_.forget(execution);
  }
  deadline_.reset();
}

void LeaderGap::expire() {
  log::warn("no job manager has adopted what runs here in time, ending it",
            {{"attempts", undecided_.size()}, {"advice", "see jobmanager.adoption-timeout"}});
  const std::set<runtime::ExecutionId> expired = undecided_;
  const auto timer = std::move(deadline_);  // It is running.
  drop();
  for (const runtime::ExecutionId& execution : expired) {
    kill(execution);
  }
  announce();
}

}  // namespace weir::taskmanager
