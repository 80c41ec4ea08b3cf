#include "common/client/savepoint_command.h"

#include <optional>
#include <string>
#include <variant>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "common/base/nearest.h"
#include "common/base/random.h"
#include "common/base/utf8.h"
#include "common/client/command_table.h"
#include "common/client/job_events.h"
#include "common/client/json_text.h"
#include "common/client/prepared_program.h"
#include "common/snapshot/layout.h"

namespace weir::client {
namespace {

std::function<void(const runtime::SavepointProgress&)> showing(Console& console) {
  return [&console](const runtime::SavepointProgress& progress) {
    console.progress(fmt::format("Savepoint {}: {} of {} subtasks acknowledged, {}",
                                 progress.checkpoint.value(),
                                 progress.acknowledged,
                                 progress.subtasks,
                                 humanBytes(progress.bytes)));
  };
}

/// What becomes of a job once its savepoint is complete.
struct Afterwards {
  bool cancels = false;
  runtime::StopMode stop = runtime::StopMode::kNone;
  bool detached = false;  // Its end is not waited for.

  bool stops() const { return stop != runtime::StopMode::kNone; }
};

/// The savepoint is there: nothing that happens to the connection changes what was reached.
Status awaitStopped(Console& console, JobManagerClient& client, const JobId& job) {
  std::optional<runtime::JobResult> result;
  const Status followed =
      client.follow(job,
                    [&](const runtime::JobEvent& event) {
                      if (const auto* end = std::get_if<runtime::JobResult>(&event)) {
                        result = *end;
                      }
                      return !result.has_value();
                    },
                    interrupted,
                    {});
  if (!result && interrupted.load()) {
    return Error(ErrorCode::kCancelled, "interrupted, and the job still commits what it wrote")
        .advise("'weir list' shows whether it has ended");
  }
  const bool forgotten = !followed && followed.error().code() == ErrorCode::kNotFound;
  if (!result && !forgotten) {  // Else it has ended, and so many others since.
    return followed ? Error(ErrorCode::kUnavailable, "the connection has ended")
                          .advise("'weir list' shows whether the job has ended")
                    : followed.error();
  }
  if (result && result->state != runtime::JobState::kFinished) {
    return Error(ErrorCode::kFailedPrecondition,
                 "the savepoint is complete, but the job ended " +
                     std::string(toString(result->state)) + " before all was committed" +
                     (result->cause.empty() ? "" : ": " + result->cause))
        .advise("start it from the savepoint: what it holds is committed then");
  }
  console.note(fmt::format("Stopped job {}.", job.hex()));
  return ok();
}

Status awaitAfterwards(Console& console,
                       JobManagerClient& client,
                       const JobId& job,
                       const Afterwards& then) {
  if (then.detached && (then.stops() || then.cancels)) {
    console.note(fmt::format("{} job {}.", then.stops() ? "Stopping" : "Cancelling", job.hex()));
    return ok();
  }
  if (then.stops()) {
    return awaitStopped(console, client, job);
  }
  return then.cancels ? awaitCancelled(console, client, job) : ok();
}

int requestSavepoint(const Invocation& invocation,
                     const std::string& what,
                     const JobId& job,
                     const std::string& directory,
                     const Afterwards& then) {
  Console& console = invocation.console;
  auto client = connect(invocation);
  if (!client) {
    return console.failure(what, client.error());
  }
  SystemRandom random;
  runtime::SavepointRequest request;
  request.operation = OperationId::random(random);
  request.job = job;
  request.directory = directory.empty() ? "" : savepointPath(directory);
  request.cancel_job = then.cancels;
  request.stop = then.stop;
  console.note(fmt::format("Triggering savepoint for job {}.", job.hex()));
  const auto result = (*client)->savepoint(request, showing(console), interrupted);
  if (!result) {
    return console.failure(what, result.error());
  }
  const std::string path = escaped(result->path);
  console.result("Savepoint completed. Path: " + path);
  console.note(
      fmt::format("It points to {} ({}).", escaped(result->points_to), humanBytes(result->bytes)));
  if (!snapshot::isHeapSavepoint(result->path)) {
    const bool moves = result->points_to == result->path;
    console.note((moves ? "All of its state lies there, and it can be moved; '" : "'") +
                 ("weir savepoint export " + path) + " DIR' makes a copy that can be moved" +
                 (moves ? ", too." : "."));
  }
  if (then.stop == runtime::StopMode::kDrain) {
    console.note("A job that starts from this savepoint has no input left.");
  } else {
    console.note("You can resume your program from this savepoint with 'weir run -s " + path +
                 " PROGRAM'.");
  }
  for (const std::string& warning : result->warnings) {
    console.note("warning: " + escaped(warning));
  }
  if (const Status ended = awaitAfterwards(console, **client, job, then); !ended) {
    return console.failure(what, ended.error());
  }
  console.document(jsonText({{"jobid", job.hex()},
                             {"path", result->path},
                             {"points-to", result->points_to},
                             {"checkpoint-id", result->checkpoint.value()},
                             {"size", result->bytes},
                             {"warnings", result->warnings}}));
  return kDone;
}

struct SavepointOptions {
  std::string job;
  std::string directory;
};

struct DisposeOptions {
  std::string path;
  bool force = false;
  /// Needed only for state handles of the program's own making; may be empty.
  std::string program;
  std::vector<std::string> arguments;  ///< Of the program.
};

/// The command that a mistyped word may have meant.
std::string_view meantCommand(const std::string& word) {
  for (const Command* one : commandsOf("savepoint")) {
    if (!one->later && !similar(word, {ownName(*one)}).empty()) {
      return one->name;
    }
  }
  return {};
}

int takeSavepoint(const Invocation& invocation, const SavepointOptions& options) {
  const std::string what = "savepoint " + options.job;
  const auto job = parseJobId(options.job);
  if (!job) {
    Error error = job.error();
    if (const std::string_view meant = meantCommand(options.job); !meant.empty()) {
      error = std::move(error).advise("did you mean 'weir " + std::string(meant) + "'?");
    }
    return invocation.console.failure(what, error);
  }
  return requestSavepoint(invocation, what, *job, options.directory, {});
}

int disposeSavepoint(const Invocation& invocation, const DisposeOptions& options) {
  Console& console = invocation.console;
  const std::string what = "dispose savepoint " + options.path;
  SystemRandom random;
  runtime::DisposeRequest request{.operation = OperationId::random(random),
                                  .path = savepointPath(options.path),
                                  .force = options.force,
                                  .program = {}};
  Uploads uploads;
  if (!options.program.empty()) {
    RunOptions program;
    program.program = options.program;
    program.arguments = options.arguments;
    auto prepared = prepareProgram(invocation, program);
    if (!prepared) {
      return console.failure(what, prepared.error());
    }
    request.program = std::move(prepared->program);
    uploads = std::move(prepared->uploads);
  }
  auto client = connect(invocation);
  if (!client) {
    return console.failure(what, client.error());
  }
  if (const Status uploaded = (*client)->upload(uploads); !uploaded) {
    return console.failure(what, uploaded.error());
  }
  console.note(fmt::format("Disposing savepoint '{}'.", escaped(options.path)));
  const auto reply = (*client)->dispose(request);
  if (!reply) {
    return console.failure(what, reply.error());
  }
  if (!reply->unreadable.empty()) {
    console.note("This could not be read, or stays:");
    for (const std::string& item : reply->unreadable) {
      console.note("  " + escaped(item));
    }
  }
  if (reply->data_later) {
    console.note("Its job still recovers from it: the data goes after that job's next checkpoint.");
  }
  console.result(fmt::format("Savepoint '{}' disposed.", escaped(options.path)));
  console.document(jsonText({{"path", options.path},
                             {"unreadable", reply->unreadable},
                             {"data-later", reply->data_later}}));
  return kDone;
}

int savepointGiven(const Invocation& invocation, const Given& given) {
  const std::vector<std::string>& words = given.words;
  if (!given.has("--dispose")) {
    if (words.empty()) {
      return wrongUse(invocation.console, "savepoint", "the JOB to save was not given");
    }
    if (words.size() > 2) {
      return wrongUse(invocation.console, "savepoint", "too many arguments ('" + words[2] + "')");
    }
    return takeSavepoint(invocation, {words[0], given.word(1)});
  }
  if (words.empty()) {
    return wrongUse(invocation.console, "savepoint", "the PATH to dispose was not given");
  }
  DisposeOptions options{
      .path = words[0], .force = given.has("--force"), .program = {}, .arguments = {}};
  if (words.size() > 1) {
    options.program = words[1];
    options.arguments.assign(words.begin() + 2, words.end());
  }
  return disposeSavepoint(invocation, options);
}

}  // namespace

int takeSavepointAndCancel(const Invocation& invocation,
                           const JobId& job,
                           const CancelOptions& options) {
  return requestSavepoint(invocation,
                          "cancel -s " + job.hex(),
                          job,
                          options.directory,
                          {.cancels = true, .detached = options.detached});
}

int takeSavepointAndStop(const Invocation& invocation, const StopOptions& options) {
  return requestSavepoint(invocation,
                          "stop " + options.job.hex(),
                          options.job,
                          options.directory,
                          {.stop = options.mode, .detached = options.detached});
}

Command savepointCommand() {
  return {
      .name = "savepoint",
      .meaning = "Triggers, shows and disposes savepoints",
      .usage = {"[OPTIONS] JOB [DIR]", "[OPTIONS] -d PATH [PROGRAM [args...]]"},
      .help =
          "With DIR it is a file savepoint in DIR, whatever store is configured.\n"
          "PROGRAM discards state handles of its own making (Checkpointed<S>, S derived\n"
          "from StateHandle); without it the program stored with the savepoint does.\n"
          "Options of PROGRAM follow a '--', which ends those of the command.\n"
          "Examples:\n"
          "  weir savepoint 6b0e5c3a6a7d4f1c9b1f0a3b5c7d9e1f\n"
          "  weir savepoint 6b0e5c3a6a7d4f1c9b1f0a3b5c7d9e1f /savepoints\n"
          "  weir savepoint -d file:/savepoints/savepoint-0123456789ab",
      .options = {{"-d,--dispose", "Disposes the savepoint PATH"},
                  {"--force", "With -d: also while a restored job has no checkpoint of its own"}},
      .most_words = kAnyNumber,
      .run = savepointGiven};
}

}  // namespace weir::client
