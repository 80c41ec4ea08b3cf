#include "jobmanager/dispatcher/savepoint_requests.h"

#include <utility>

#include "common/base/crash_point.h"
#include "common/base/text.h"
#include "common/snapshot/layout.h"
#include "common/telemetry/log.h"

namespace weir::jobmanager {

void SavepointRequests::take(const runtime::SavepointRequest& request,
                             SavepointProgressSink progress,
                             Callback<runtime::SavepointResult> done) {
  progress_[request.operation].push_back(std::move(progress));
  if (taken_.begin(request.operation, std::move(done))) {
    takeNew(request);
  } else if (!taken_.pending(request.operation)) {
    progress_.erase(request.operation);
  }
}

void SavepointRequests::takeNew(const runtime::SavepointRequest& request) {
  JobMaster* job = jobs_.find(request.job);
  if (job == nullptr) {
    takeNow(request);
    return;
  }
  job->takeUp().pass([this, alive = std::weak_ptr<bool>(alive_), request] {
    if (!alive.expired() && taken_.pending(request.operation)) {
      takeNow(request);
    }
  });
}

void SavepointRequests::takeNow(const runtime::SavepointRequest& request) {
  const OperationId operation = request.operation;
  auto done = [this, operation, job = request.job](const Result<runtime::SavepointResult>& result) {
    taken(operation, job, result);
  };
  JobMaster* job = jobs_.find(request.job);
  if (closed_) {
    done(*closed_);
  } else if (job == nullptr) {
    done(jobs_.noJob(request.job));
  } else {
    job->savepoint(
        request,
        [this, operation](const runtime::SavepointProgress& progress) {
          for (const SavepointProgressSink& sink : progress_[operation]) {
            sink(progress);
          }
        },
        done);
  }
}

void SavepointRequests::taken(OperationId operation,
                              JobId job,
                              const Result<runtime::SavepointResult>& result) {
  progress_.erase(operation);
  if (dropped_) {
    taken_.finish(operation, result);
    return;
  }
  store_.write(ha::SavepointAnswer{operation, job, result},
               [this, operation, result](const Status& put) {
                 if (!put) {
                   log::warn("the store of jobs did not take the answer of a savepoint",
                             {{"reason", put.error().message()}});
                 }
                 ready_();
                 taken_.finish(operation, result);
               });
}

void SavepointRequests::dispose(const runtime::DisposeRequest& request,
                                Callback<runtime::DisposeReply> done) {
  if (!disposed_.begin(request.operation, std::move(done))) {
    return;
  }
  if (dropped_) {
    disposed_.finish(request.operation, *closed_);
    return;
  }
  if (request.program) {  // It is repeated by its client, who has the program.
    removeOne(request);
  } else {
    store(request, {}, [this, request] { removeOne(request); });
  }
}

void SavepointRequests::removeOne(const runtime::DisposeRequest& request) {
  savepoints_.dispose(request, [this, request](const Result<runtime::DisposeReply>& reply) {
    disposed(request, reply);
  });
}

void SavepointRequests::disposed(const runtime::DisposeRequest& request,
                                 const Result<runtime::DisposeReply>& reply) {
  if (reply) {
    log::info("savepoint disposed",
              {{"path", request.path},
               {"data", reply->data_later ? "goes with a later checkpoint" : "removed"},
               {"unreadable", reply->unreadable.size()}});
  } else {
    log::warn(
        "savepoint not disposed",
        {{"path", request.path}, {"reason", cutText(reply.error().text(), kMostLoggedBytes)}});
  }
  if (dropped_) {
    return;  // All are answered.
  }
  crashPoint("disposal.ended");
  store(request, reply, [this, operation = request.operation, reply] {
    disposed_.finish(operation, reply);
  });
}

/// Those on the heap end with this leader. One that cannot be stored goes on: it makes room.
void SavepointRequests::store(const runtime::DisposeRequest& request,
                              std::optional<Result<runtime::DisposeReply>> answer,
                              std::function<void()> then) {
  if (snapshot::isHeapSavepoint(request.path)) {
    then();
    return;
  }
  ha::StoredDisposal disposal{request, std::move(answer)};
  disposal.request.program.reset();
  store_.write(std::move(disposal),
               [path = request.path, then = std::move(then)](const Status& put) {
                 if (!put) {
                   log::warn("the store of jobs did not take the disposal of a savepoint",
                             {{"path", path}, {"reason", put.error().message()}});
                 }
                 then();
               });
}

void SavepointRequests::resumeDisposals() {
  for (const runtime::DisposeRequest& request : std::exchange(cut_short_, {})) {
    log::info("a disposal that was cut short goes on", {{"path", request.path}});
    savepoints_.dispose(request, [this, request](Result<runtime::DisposeReply> reply) {
      if (!reply && reply.error().code() == ErrorCode::kNotFound) {
        reply = runtime::DisposeReply();  // It ended after the last step.
      }
      disposed(request, reply);
    });
  }
  savepoints_.resumeDisposals();
}

void SavepointRequests::remember(const ha::SavepointAnswer& answer) {
  if (!taken_.answered(answer.operation)) {
    taken_.finish(answer.operation, answer.result);
  }
}

void SavepointRequests::remember(const ha::Term& term) {
  for (const ha::SavepointAnswer& answer : term.savepoints) {
    remember(answer);
  }
  for (const ha::StoredDisposal& one : term.disposals) {
    if (one.answer) {
      disposed_.finish(one.request.operation, *one.answer);
    } else {
      disposed_.begin(one.request.operation, [](const Result<runtime::DisposeReply>&) {});
      cut_short_.push_back(one.request);
    }
  }
  for (const ha::StoredJob& job : term.jobs) {
    if (const auto& stopped = job.checkpoints.stopped) {
      remember({stopped->operation, job.request.job, stopped->result});
    }
    for (const ha::BegunSavepoint& one : job.checkpoints.begun) {
      if (one.result) {
        remember({one.operation, job.request.job, *one.result});
      } else if (!taken_.answered(one.operation)) {
        taken_.begin(one.operation, [](const Result<runtime::SavepointResult>&) {});
      }
    }
  }
}

void SavepointRequests::ended(const ha::SavepointAnswer& answer) {
  if (taken_.pending(answer.operation)) {  // Else its client was answered before.
    taken(answer.operation, answer.job, answer.result);
  }
}

void SavepointRequests::drop(const Error& why) {
  close(why);
  dropped_ = true;
  progress_.clear();
  taken_.finishAll(why);
  disposed_.finishAll(why);
}

}  // namespace weir::jobmanager
