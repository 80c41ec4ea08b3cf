#include <string>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "common/base/random.h"
#include "common/base/utf8.h"
#include "common/client/command_table.h"
#include "common/client/json_text.h"
#include "common/client/prepared_program.h"
#include "common/client/restore_options.h"

namespace weir::client {
namespace {

nlohmann::json documentOf(const runtime::UpgradeRequest& request,
                          const runtime::UpgradeReply& reply) {
  return {{"jobid", reply.job.hex()},
          {"upgraded", request.job.hex()},
          {"name", request.next.graph->name},
          {"path", reply.savepoint},
          {"down-time-ms", reply.down_millis},
          {"restored", reply.restore.matched},
          {"empty", reply.restore.empty},
          {"dropped", reply.restore.dropped}};
}

/// The new program did not take over: with the error, what runs instead.
int failed(Console& console,
           const std::string& what,
           const runtime::UpgradeRequest& request,
           const runtime::UpgradeReply& reply) {
  const Error why = Error(ErrorCode::kUserCode, reply.failure)
                        .advise("mend the program and upgrade job " + reply.job.hex() +
                                "; it was started from savepoint " + reply.savepoint);
  nlohmann::json document = nlohmann::json::parse(failureDocument(what, why));
  document.update(documentOf(request, reply));
  document["failed"] = request.next.job.hex();
  return console.failure(what, why, jsonText(document));
}

int report(Console& console,
           const std::string& what,
           const runtime::UpgradeRequest& request,
           const runtime::UpgradeReply& reply) {
  console.result("Savepoint completed. Path: " + escaped(reply.savepoint));
  printRestore(console, reply.restore);
  if (!reply.failure.empty()) {
    console.note(fmt::format("The job was down for {} ms.", reply.down_millis));
    return failed(console, what, request, reply);
  }
  console.result("Job has been submitted with JobID " + reply.job.hex());
  console.result(fmt::format("Job {} was upgraded to job {}, and was down for {} ms.",
                             request.job.hex(),
                             reply.job.hex(),
                             reply.down_millis));
  console.document(jsonText(documentOf(request, reply)));
  return kDone;
}

int upgrade(const Invocation& invocation, const std::string& word, const RunOptions& options) {
  Console& console = invocation.console;
  const std::string what = "upgrade " + word;
  auto restore = restoreRequest(options);
  if (!restore) {
    return wrongUse(console, "upgrade", restore.error().text());
  }
  restore->path.clear();  // That of the savepoint which the job stops with.
  const auto job = parseJobId(word);
  if (!job) {
    return console.failure(what, job.error());
  }
  auto next = uploadJob(invocation, options);
  if (!next) {
    return console.failure(what, next.error());
  }
  SystemRandom random;
  runtime::UpgradeRequest request;
  request.operation = OperationId::random(random);
  request.job = *job;
  request.next = std::move(next->request);
  request.next.restore = *std::move(restore);
  console.note(fmt::format("Upgrading job {}.", job->hex()));
  const auto reply = next->client->upgrade(request, interrupted);
  if (!reply) {
    return console.failure(what, reply.error());
  }
  return report(console, what, request, *reply);
}

int upgradeGiven(const Invocation& invocation, const Given& given) {
  auto options = runOptions(given, 1);
  if (!options) {
    return wrongUse(invocation.console, "upgrade", options.error().text());
  }
  takeMatchOptions(given, *options);
  options->ship = given.values("--ship");
  return upgrade(invocation, given.words.front(), *options);
}

}  // namespace

Command upgradeCommand() {
  std::vector<CommandOption> options = {
      {"-p,--parallelism", "Parallelism of what names none itself", "N"}};
  for (CommandOption& one : matchOptions()) {
    options.push_back(std::move(one));
  }
  options.push_back({"--ship", "Puts a file into the workers' working directory", "FILE", true});
  return {.name = "upgrade",
          .meaning = "Lets another program take over from a job",
          .usage = {"[OPTIONS] JOB PROGRAM [args...]"},
          .help =
              "The program is held against the state of the job; then the job stops with a\n"
              "savepoint, and the program starts from it as a job of its own. When that has\n"
              "not completed a checkpoint within upgrade.timeout, or restarts more often than\n"
              "upgrade.restarts allows, the old program starts again from the savepoint.\n"
              "Example:\n"
              "  weir upgrade -p 4 6b0e5c3a6a7d4f1c9b1f0a3b5c7d9e1f build/my_job --rate 1000",
          .options = std::move(options),
          .needs = {"the JOB to upgrade", "the PROGRAM to run"},
          .most_words = kAnyNumber,
          .program_at = 1,
          .run = upgradeGiven};
}

}  // namespace weir::client
