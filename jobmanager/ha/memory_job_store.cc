#include "jobmanager/ha/memory_job_store.h"

#include <algorithm>
#include <deque>
#include <string>
#include <utility>
#include <variant>

namespace weir::ha {
namespace {

/// Adds one to the list, and drops the oldest that may go where there are more than `most` then.
template <typename T, typename MayGo>
void keepLast(std::deque<T>& list, T one, std::size_t most, MayGo may_go) {
  list.push_back(std::move(one));
  const auto oldest = std::ranges::find_if(list, may_go);
  if (list.size() > most && oldest != list.end()) {
    list.erase(oldest);
  }
}

}  // namespace

void MemoryJobStore::beginTerm(Answer<Term> done) {
  Term term;
  {
    const std::lock_guard lock(mutex_);
    epoch_ = epoch_.next();
    term.epoch = epoch_;
    for (const auto& [id, job] : jobs_) {
      term.jobs.push_back(job);
    }
    term.savepoints.assign(savepoints_.begin(), savepoints_.end());
    term.upgrades.assign(upgrades_.begin(), upgrades_.end());
    term.disposals.assign(disposals_.begin(), disposals_.end());
  }
  done(std::move(term));
}

/// Answers without holding the lock.
void MemoryJobStore::write(LeaderEpoch epoch, Change change, Answer<std::monostate> done) {
  LeaderEpoch newest;
  {
    const std::lock_guard lock(mutex_);
    newest = epoch_;
    if (epoch == newest) {
      std::visit([this](auto& one) { apply(std::move(one)); }, change);
    }
  }
  if (epoch == newest) {
    done(ok());
  } else {
    done(Error(ErrorCode::kFenced,
               "leader of epoch " + std::to_string(epoch.value()) + " writes after that of epoch " +
                   std::to_string(newest.value()) + " took over"));
  }
}

StoredJob* MemoryJobStore::find(JobId job) {
  const auto found = jobs_.find(job);
  return found == jobs_.end() ? nullptr : &found->second;
}

void MemoryJobStore::apply(PutJob put) {
  const JobId id = put.request.job;
  jobs_[id].request = std::move(put.request);
}

void MemoryJobStore::apply(const RemoveJob& removed) { jobs_.erase(removed.job); }

void MemoryJobStore::apply(const CancelJob& cancelled) {
  if (StoredJob* job = find(cancelled.job); job != nullptr) {
    job->cancelled = true;
  }
}

void MemoryJobStore::apply(PutCheckpoints put) {
  if (StoredJob* job = find(put.job); job != nullptr) {
    job->checkpoints = std::move(put.checkpoints);
  }
}

void MemoryJobStore::apply(DeployedAttempt attempt) {
  if (StoredJob* job = find(attempt.execution.job); job != nullptr) {
    job->attempt = std::move(attempt);
  }
}

void MemoryJobStore::apply(SavepointAnswer answer) {
  std::erase_if(savepoints_, [&](const auto& one) { return one.operation == answer.operation; });
  keepLast(savepoints_, std::move(answer), kSavepoints, [](const auto&) { return true; });
}

void MemoryJobStore::apply(PutUpgrade put) {
  keepLast(upgrades_, std::move(put.upgrade), kSavepoints, [](const StoredUpgrade& one) {
    return one.progress.step == UpgradeStep::kAnswered;
  });
}

void MemoryJobStore::apply(PutUpgradeProgress put) {
  const auto found = std::ranges::find(
      upgrades_, put.operation, [](const auto& one) { return one.request.operation; });
  if (found == upgrades_.end()) {
    return;
  }
  found->progress = std::move(put.progress);
  if (found->progress.step == UpgradeStep::kAnswered) {  // Of the programs no more is needed.
    found->request.next = {};
    found->back = {};
  }
}

void MemoryJobStore::apply(StoredDisposal disposal) {
  std::erase_if(disposals_, [&](const StoredDisposal& one) {
    return one.request.operation == disposal.request.operation;
  });
  keepLast(disposals_, std::move(disposal), kSavepoints, [](const StoredDisposal& one) {
    return one.answer.has_value();
  });
}

}  // namespace weir::ha
