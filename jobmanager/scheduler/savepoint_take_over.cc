#include "jobmanager/scheduler/savepoint_take_over.h"

#include <utility>

#include "common/base/crash_point.h"
#include "common/telemetry/log.h"

namespace weir::jobmanager {

SavepointTakeOver::SavepointTakeOver(JobId job,
                                     std::string label,
                                     LeftSavepointJob outline,
                                     SavepointStore& store,
                                     JobSavepoints& savepoints,
                                     CheckpointedTasks& tasks,
                                     std::function<void(const ha::SavepointAnswer&)> answer)
    : job_(job),
      label_(std::move(label)),
      outline_(std::move(outline)),
      store_(store),
      savepoints_(savepoints),
      tasks_(tasks),
      answer_(std::move(answer)) {}

void SavepointTakeOver::run(ha::JobCheckpoints stored,
                            std::function<void(ha::JobCheckpoints)> done) {
  running_ = true;
  done_ = std::move(done);
  stored_ = std::move(stored);
  complete_ = stored_;
  const std::vector<ha::BegunSavepoint> unsettled = unsettledIn(stored_);
  looking_ = unsettled.size() + 1;
  for (const ha::BegunSavepoint& one : unsettled) {
    look(one);
  }
  for (const ha::BegunSavepoint& one : stored_.begun) {
    if (one.result && !one.path.empty()) {
      mark(one.id, one.result->path);
    }
  }
  if (--looking_ == 0) {
    handOn();
  }
}

/// The mark in the savepoint changes hands: the process that wrote it is gone.
void SavepointTakeOver::mark(CheckpointId id, const std::string& path) {
  SavepointStore::Opened savepoint;
  savepoint.path = path;
  savepoint.metadata.checkpoint = id;
  savepoints_.markRestored(savepoint, [] {});
}

void SavepointTakeOver::look(const ha::BegunSavepoint& savepoint) {
  if (savepoint.path.empty()) {  // It was to be on the heap.
    cutShort(savepoint);
    --looking_;
    return;
  }
  const auto found = [this, alive = std::weak_ptr<bool>(alive_), savepoint](
                         const Result<std::optional<SavepointStore::Opened>>& one) {
    if (alive.expired()) {
      return;
    }
    seen(savepoint, one);
    if (--looking_ == 0) {
      handOn();
    }
  };
  store_.settle(savepoint.path, job_, savepoint.id, found);
}

void SavepointTakeOver::seen(const ha::BegunSavepoint& savepoint,
                             const Result<std::optional<SavepointStore::Opened>>& found) {
  if (!found) {
    log::warn("it is not known whether a savepoint that an earlier job manager began is whole",
              {{"job", job_.hex()},
               {"path", savepoint.path},
               {"reason", found.error().message()},
               {"advice", "the next job manager looks again; weir fsck shows what is there"}});
    leaveLeft(stored_, savepoint.id);
    leaveLeft(complete_, savepoint.id);
    ends_.push_back({savepoint,
                     Error(found.error())
                         .during("it is not known whether the savepoint in " + savepoint.path +
                                 " of " + label_ + ", whose job manager has ended, is whole")});
  } else if (*found) {
    log::info("completing a savepoint that an earlier job manager began",
              {{"job", job_.hex()}, {"id", savepoint.id.value()}, {"path", savepoint.path}});
    leaveLeft(stored_, savepoint.id);
    ends_.push_back({savepoint, completeLeft(complete_, savepoint, **found, outline_)});
  } else {
    cutShort(savepoint);
  }
}

void SavepointTakeOver::cutShort(const ha::BegunSavepoint& savepoint) {
  log::info("removing a savepoint that an earlier job manager began",
            {{"job", job_.hex()}, {"id", savepoint.id.value()}, {"path", savepoint.path}});
  cutLeft(stored_, savepoint.id);
  cutLeft(complete_, savepoint.id);
  const std::string where = savepoint.path.empty() ? "" : " in " + savepoint.path;
  ends_.push_back({savepoint,
                   Error(ErrorCode::kUnavailable,
                         "the savepoint" + where + " was not complete when the job manager of " +
                             label_ + " ended; what was written of it is removed")
                       .advise("take it again")});
}

/// The job goes on from what is completed here, and sinks commit what that holds: no later leader
/// may come to another end.
void SavepointTakeOver::handOn() {
  if (stored_.pinned == complete_.pinned && stored_.begun == complete_.begun) {
    stored(ok());
    return;
  }
  tasks_.point(complete_, [this, alive = std::weak_ptr<bool>(alive_)](const Status& written) {
    if (!alive.expired()) {
      crashPoint("savepoint.settled");
      stored(written);
    }
  });
}

void SavepointTakeOver::stored(const Status& written) {
  for (End& one : ends_) {
    if (!written && one.result) {
      one.result = Error(written.error())
                       .during("savepoint " + one.result->path +
                               " is complete, but the store of jobs does not know it")
                       .advise("weir savepoint list shows it; take another one");
    }
    if (one.result) {
      mark(one.savepoint.id, one.result->path);
    }
    cancels_ = cancels_ || (one.result && one.savepoint.cancel_job && !stored_.result);
    answer_({one.savepoint.operation, job_, one.result});
  }
  running_ = false;
  done_(written ? std::move(complete_) : std::move(stored_));
}

}  // namespace weir::jobmanager
