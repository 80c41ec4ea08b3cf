#include "jobmanager/ha/memory_job_store.h"

#include <algorithm>
#include <deque>
#include <string>
#include <utility>

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

template <typename Change>
void MemoryJobStore::write(LeaderEpoch epoch, Change change, const Answer<std::monostate>& done) {
  LeaderEpoch newest;
  {
    const std::lock_guard lock(mutex_);
    newest = epoch_;
    if (epoch == newest) {
      change();
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
  }
  done(std::move(term));
}

void MemoryJobStore::putJob(LeaderEpoch epoch,
                            runtime::SubmitRequest job,
                            Answer<std::monostate> done) {
  write(
      epoch,
      [&] {
        const JobId id = job.job;
        jobs_[id].request = std::move(job);
      },
      done);
}

void MemoryJobStore::removeJob(LeaderEpoch epoch, JobId job, Answer<std::monostate> done) {
  write(epoch, [&] { jobs_.erase(job); }, done);
}

void MemoryJobStore::putCheckpoints(LeaderEpoch epoch,
                                    JobId job,
                                    JobCheckpoints checkpoints,
                                    Answer<std::monostate> done) {
  write(
      epoch,
      [&] {
        if (auto found = jobs_.find(job); found != jobs_.end()) {
          found->second.checkpoints = std::move(checkpoints);
        }
      },
      done);
}

void MemoryJobStore::putAttempt(LeaderEpoch epoch,
                                DeployedAttempt attempt,
                                Answer<std::monostate> done) {
  write(
      epoch,
      [&] {
        if (auto found = jobs_.find(attempt.execution.job); found != jobs_.end()) {
          found->second.attempt = std::move(attempt);
        }
      },
      done);
}

void MemoryJobStore::putSavepoint(LeaderEpoch epoch,
                                  SavepointAnswer answer,
                                  Answer<std::monostate> done) {
  write(
      epoch,
      [&] {
        std::erase_if(savepoints_,
                      [&](const auto& one) { return one.operation == answer.operation; });
        keepLast(savepoints_, std::move(answer), kSavepoints, [](const auto&) { return true; });
      },
      done);
}

void MemoryJobStore::putUpgrade(LeaderEpoch epoch,
                                StoredUpgrade upgrade,
                                Answer<std::monostate> done) {
  write(
      epoch,
      [&] {
        keepLast(upgrades_, std::move(upgrade), kSavepoints, [](const StoredUpgrade& one) {
          return one.progress.step == UpgradeStep::kAnswered;
        });
      },
      done);
}

void MemoryJobStore::putUpgradeProgress(LeaderEpoch epoch,
                                        OperationId upgrade,
                                        UpgradeProgress progress,
                                        Answer<std::monostate> done) {
  write(
      epoch,
      [&] {
        const auto found = std::ranges::find(
            upgrades_, upgrade, [](const auto& one) { return one.request.operation; });
        if (found == upgrades_.end()) {
          return;
        }
        found->progress = std::move(progress);
        if (found->progress.step == UpgradeStep::kAnswered) {  // Of the programs no more is needed.
          found->request.next = {};
          found->back = {};
        }
      },
      done);
}

}  // namespace weir::ha
