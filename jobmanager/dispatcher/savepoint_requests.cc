#include "jobmanager/dispatcher/savepoint_requests.h"

#include <utility>

#include "common/base/text.h"
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
  store_.putSavepoint({operation, job, result}, [this, operation, result](const Status& put) {
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
  savepoints_.dispose(
      request,
      [this, operation = request.operation, path = request.path](
          const Result<runtime::DisposeReply>& reply) {
        if (reply) {
          log::info("savepoint disposed",
                    {{"path", path},
                     {"data", reply->data_later ? "goes with a later checkpoint" : "removed"},
                     {"unreadable", reply->unreadable.size()}});
        } else {
          log::warn("savepoint not disposed",
                    {{"path", path}, {"reason", cutText(reply.error().text(), kMostLoggedBytes)}});
        }
        disposed_.finish(operation, reply);
      });
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
