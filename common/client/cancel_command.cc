#include "common/client/cancel_command.h"

#include <optional>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "common/client/command_table.h"
#include "common/client/job_events.h"
#include "common/client/savepoint_command.h"

namespace weir::client {

using runtime::JobState;

Status awaitCancelled(Console& console, JobManagerClient& client, const JobId& job) {
  std::optional<JobState> state;
  std::vector<std::string> killed;  // Tasks that did not obey, and why.
  const Status followed = client.follow(
      job,
      [&](const runtime::JobEvent& event) {
        if (const auto* end = std::get_if<runtime::JobResult>(&event)) {
          state = end->state;
        } else if (const auto* change = std::get_if<runtime::JobStateChange>(&event);
                   change != nullptr && change->state == JobState::kCancelling) {
          killed.clear();
        } else if (const auto* task = std::get_if<runtime::TaskStateChange>(&event);
                   task != nullptr && task->state == runtime::TaskState::kCanceled &&
                   !task->cause.empty()) {
          killed.push_back(describeEvent(event));
        }
        return !state.has_value();
      },
      interrupted,
      [&] {
        const Status again = client.cancel(job);  // The next job manager was not told.
        return !again && again.error().code() == ErrorCode::kFailedPrecondition ? ok() : again;
      });
  if (!state && interrupted.load()) {
    return Error(ErrorCode::kCancelled, "interrupted, and the job is still being cancelled")
        .advise("'weir list' shows whether it has ended");
  }
  if (!followed && followed.error().code() == ErrorCode::kNotFound) {
    state = JobState::kCanceled;  // It has ended, and so many others since that it is forgotten.
  }
  if (!state) {
    return followed ? Error(ErrorCode::kUnavailable, "the connection has ended")
                          .advise("'weir list' shows whether the job has ended")
                    : followed.error();
  }
  if (*state != JobState::kCanceled) {
    return Error(
        ErrorCode::kFailedPrecondition,
        "the job has ended " + std::string(toString(*state)) + " before it could be cancelled");
  }
  for (const std::string& task : killed) {
    console.note(task);
  }
  console.note(fmt::format("Cancelled job {}.", job.hex()));
  return ok();
}

namespace {

int cancelJob(const Invocation& invocation, const CancelOptions& options) {
  Console& console = invocation.console;
  const std::string what = "cancel " + options.job;
  const auto job = parseJobId(options.job);
  if (!job) {
    return console.failure(what, job.error());
  }
  if (options.with_savepoint) {
    return takeSavepointAndCancel(invocation, *job, options);
  }
  auto client = connect(invocation);
  if (!client) {
    return console.failure(what, client.error());
  }
  if (const Status cancelled = (*client)->cancel(*job); !cancelled) {
    return console.failure(what, cancelled.error());
  }
  if (options.detached) {
    console.note(fmt::format("Cancelling job {}.", job->hex()));
  } else if (const Status ended = awaitCancelled(console, **client, *job); !ended) {
    return console.failure(what, ended.error());
  }
  const auto state = options.detached ? JobState::kCancelling : JobState::kCanceled;
  console.document(nlohmann::json{{"jobid", job->hex()}, {"state", toString(state)}}.dump(2));
  return kDone;
}

int cancelGiven(const Invocation& invocation, const Given& given) {
  CancelOptions options;
  options.with_savepoint = given.has("--withSavepoint");
  options.detached = given.has("--detached");
  const std::vector<std::string>& words = given.words;
  if (words.size() == 2 && !options.with_savepoint) {
    return wrongUse(invocation.console, "cancel", "too many arguments ('" + words.back() + "')");
  }
  options.job = words.back();
  if (words.size() == 2) {
    options.directory = words.front();
    // The order is [DIR] JOB; the other way round is understood where it is unmistakable.
    if (JobId::parse(words.front()) && !JobId::parse(words.back())) {
      std::swap(options.job, options.directory);
    }
  }
  return cancelJob(invocation, options);
}

}  // namespace

Command cancelCommand() {
  return {.name = "cancel",
          .meaning = "Cancels a job, with -s after a savepoint",
          .usage = {"[OPTIONS] [-s [DIR]] JOB"},
          .help =
              "Examples:\n"
              "  weir cancel 6b0e5c3a6a7d4f1c9b1f0a3b5c7d9e1f\n"
              "  weir cancel -s /savepoints 6b0e5c3a6a7d4f1c9b1f0a3b5c7d9e1f",
          .options = {{"-s,--withSavepoint", "Takes a savepoint first, in DIR if one is given"},
                      {"-d,--detached", "Returns once cancelling has begun"}},
          .needs = {"the JOB to cancel"},
          .most_words = 2,
          .run = cancelGiven};
}

}  // namespace weir::client
