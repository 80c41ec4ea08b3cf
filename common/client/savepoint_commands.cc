#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "common/base/nearest.h"
#include "common/base/random.h"
#include "common/base/utf8.h"
#include "common/client/commands.h"
#include "common/client/job_events.h"
#include "common/client/json_text.h"
#include "common/client/prepared_program.h"

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

int requestSavepoint(const Invocation& invocation,
                     const std::string& what,
                     const JobId& job,
                     const std::string& directory,
                     const CancelOptions* cancel) {
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
  request.cancel_job = cancel != nullptr;
  console.note(fmt::format("Triggering savepoint for job {}.", job.hex()));
  const auto result = (*client)->savepoint(request, showing(console), interrupted);
  if (!result) {
    return console.failure(what, result.error());
  }
  const std::string path = escaped(result->path);
  console.result("Savepoint completed. Path: " + path);
  console.note(
      fmt::format("It points to {} ({}).", escaped(result->points_to), humanBytes(result->bytes)));
  console.note("You can resume your program from this savepoint with 'weir run -s " + path +
               " PROGRAM'.");
  for (const std::string& warning : result->warnings) {
    console.note("warning: " + escaped(warning));
  }
  if (cancel != nullptr && cancel->detached) {
    console.note(fmt::format("Cancelling job {}.", job.hex()));
  } else if (cancel != nullptr) {
    if (const Status ended = awaitCancelled(console, **client, job); !ended) {
      return console.failure(what, ended.error());
    }
  }
  console.document(jsonText({{"jobid", job.hex()},
                             {"path", result->path},
                             {"points-to", result->points_to},
                             {"checkpoint-id", result->checkpoint.value()},
                             {"size", result->bytes},
                             {"warnings", result->warnings}}));
  return kDone;
}

}  // namespace

int takeSavepointAndCancel(const Invocation& invocation,
                           const JobId& job,
                           const CancelOptions& options) {
  return requestSavepoint(invocation, "cancel -s " + job.hex(), job, options.directory, &options);
}

int takeSavepoint(const Invocation& invocation, const SavepointOptions& options) {
  const std::string what = "savepoint " + options.job;
  const auto job = parseJobId(options.job);
  if (!job) {
    Error error = job.error();
    if (!similar(options.job, {"list"}).empty()) {
      error = std::move(error).advise("did you mean 'weir savepoint list'?");
    }
    return invocation.console.failure(what, error);
  }
  return requestSavepoint(invocation, what, *job, options.directory, nullptr);
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

int listSavepoints(const Invocation& invocation) {
  Console& console = invocation.console;
  auto client = connect(invocation);
  if (!client) {
    return console.failure("savepoint list", client.error());
  }
  const auto savepoints = (*client)->listSavepoints();
  if (!savepoints) {
    return console.failure("savepoint list", savepoints.error());
  }
  if (savepoints->empty()) {
    console.result("No savepoints.");
  }
  nlohmann::json list = nlohmann::json::array();
  for (const runtime::SavepointInfo& one : *savepoints) {
    nlohmann::json entry = {{"path", one.path}};
    if (!one.error.empty()) {
      console.result(fmt::format("{} : {}", escaped(one.path), escaped(one.error)));
      entry["error"] = one.error;
    } else {
      console.result(fmt::format("{} : {} : job {} ({}) : checkpoint {} : {}",
                                 listTime(one.created_millis),
                                 escaped(one.path),
                                 one.job.hex(),
                                 escaped(one.job_name),
                                 one.checkpoint.value(),
                                 humanBytes(one.bytes)));
      entry.update({{"jobid", one.job.hex()},
                    {"job-name", one.job_name},
                    {"checkpoint-id", one.checkpoint.value()},
                    {"created", one.created_millis},
                    {"size", one.bytes}});
    }
    list.push_back(std::move(entry));
  }
  console.document(jsonText({{"savepoints", list}}));
  return kDone;
}

}  // namespace weir::client
