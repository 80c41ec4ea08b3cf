#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "common/base/utf8.h"
#include "common/client/command_table.h"
#include "common/client/job_events.h"
#include "common/client/job_progress.h"
#include "common/client/json_text.h"
#include "common/client/prepared_program.h"
#include "common/client/restore_options.h"
#include "common/graph/plan.h"

namespace weir::client {
namespace {

constexpr auto kQuiet = std::chrono::seconds(2);  // Without an event: what does the job wait for?

std::string interruptionDocument(const JobId& job, const std::string& name) {
  const nlohmann::json document = {{"jobid", job.hex()}, {"name", name}, {"interrupted", true}};
  return jsonText(document);
}

int followToEnd(const Invocation& invocation,
                JobManagerClient& client,
                const JobId& job,
                const std::string& name) {
  Console& console = invocation.console;
  std::optional<runtime::JobResult> result;
  const Status followed = [&] {
    JobProgress progress(console, client, job, kQuiet);
    return client.follow(
        job,
        [&](const runtime::JobEvent& event) {
          if (const auto* end = std::get_if<runtime::JobResult>(&event)) {
            result = *end;
            return false;
          }
          progress.heard(event);
          return true;
        },
        interrupted);
  }();
  const std::string what = fmt::format("job '{}' ({})", name, job.hex());
  if (!result) {
    if (interrupted.load()) {
      return console.failure(what,
                             Error(ErrorCode::kCancelled, "interrupted, and the job goes on")
                                 .advise("'weir cancel " + job.hex() + "' ends it"),
                             interruptionDocument(job, name));
    }
    return console.failure(
        what,
        followed ? Error(ErrorCode::kUnavailable, "the connection has ended") : followed.error());
  }
  const std::string document = resultDocument(job, name, *result);
  if (result->state != runtime::JobState::kFinished) {
    return console.failure(what, Error(ErrorCode::kUserCode, describeEnd(*result)), document);
  }
  console.document(document);
  console.result(fmt::format("Job with JobID {} has finished.", job.hex()));
  console.result(fmt::format("Job Runtime: {} ms", result->runtime_millis));
  printAccumulators(console, result->accumulators);
  return kDone;
}

int runProgram(const Invocation& invocation, const RunOptions& options) {
  Console& console = invocation.console;
  const std::string what = "run " + options.program;
  std::optional<runtime::RestoreRequest> restore;
  if (!options.savepoint.empty()) {
    auto request = restoreRequest(options);
    if (!request) {
      console.failure(what, request.error());
      return kUsage;
    }
    restore = *std::move(request);
  }
  auto job = uploadJob(invocation, options);
  if (!job) {
    return console.failure(what, job.error());
  }
  runtime::SubmitRequest& request = job->request;
  request.restore = std::move(restore);
  // Without checkpoints there is no snapshot that state could be looked for in.
  const std::vector<std::string> warnings = request.graph->checkpoints.enabled
                                                ? graph::planWarnings(request.graph)
                                                : std::vector<std::string>();
  auto reply = job->client->submit(request);
  if (!reply) {
    return console.failure(what, reply.error());
  }
  printRestore(console, reply->restore);
  for (const std::string& warning : warnings) {
    console.note("warning: " + escaped(warning));
  }
  console.result("Job has been submitted with JobID " + request.job.hex());
  if (options.detached) {
    console.document(submissionDocument(request.job, request.graph->name, reply->restore));
    return kDone;
  }
  return followToEnd(invocation, *job->client, request.job, request.graph->name);
}

int runGiven(const Invocation& invocation, const Given& given) {
  auto options = runOptions(given);
  if (!options) {
    return wrongUse(invocation.console, "run", options.error().text());
  }
  options->savepoint = given.value("--fromSavepoint");
  takeMatchOptions(given, *options);
  options->detached = given.has("--detached");
  options->ship = given.values("--ship");
  if (options->savepoint.empty() &&
      (options->allow_non_restored || !options->drop.empty() || !options->map.empty())) {
    return wrongUse(invocation.console, "run", "-n, --drop and --map need a savepoint (-s PATH)");
  }
  return runProgram(invocation, *options);
}

}  // namespace

Command runCommand() {
  std::vector<CommandOption> options = {
      {"-p,--parallelism", "Parallelism of what names none itself", "N"},
      {"-s,--fromSavepoint", "Starts from a savepoint or completed checkpoint", "PATH"}};
  for (CommandOption& one : matchOptions()) {
    options.push_back(std::move(one));
  }
  options.insert(options.end(),
                 {{"-d,--detached", "Returns once the job is accepted and its savepoint matched"},
                  {"--ship", "Puts a file into the workers' working directory", "FILE", true}});
  return {.name = "run",
          .meaning = "Submits a program and follows its job to its end",
          .usage = {"[OPTIONS] PROGRAM [args...]"},
          .help =
              "Examples:\n"
              "  weir run examples/word_count --input /usr/share/common-licenses\n"
              "  weir run -d -p 4 build/my_job --rate 1000\n"
              "  weir run -s file:/savepoints/savepoint-0123456789ab build/my_job",
          .options = std::move(options),
          .needs = {"the PROGRAM to run"},
          .most_words = kAnyNumber,
          .program_at = 0,
          .run = runGiven};
}

}  // namespace weir::client
