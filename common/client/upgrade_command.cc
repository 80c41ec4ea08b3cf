#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "common/base/random.h"
#include "common/base/text.h"
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

/// What the job was run with, told to the user; 0 where it does not run, which the job manager
/// says.
Result<std::uint32_t> parallelismOf(const Invocation& invocation, JobId job) {
  WEIR_TRY(const auto client, connect(invocation));
  WEIR_TRY(const auto jobs, client->list());
  const auto found = std::ranges::find(jobs, job, &runtime::JobSummary::id);
  if (found == jobs.end() || found->parallelism == 0) {
    return 0U;
  }
  invocation.console.note(fmt::format(
      "Parallelism {}, as job {} has it (-p N sets another).", found->parallelism, job.hex()));
  return found->parallelism;
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

/// Prints what an upgrade does, a line for each stage, once: the next job manager tells again where
/// it takes the upgrade up.
class Stages {
 public:
  explicit Stages(Console& console) : console_(console) {}

  void heard(const runtime::UpgradeNotice& notice) {
    using Stage = runtime::UpgradeStage;
    if (last_ && notice.stage <= *last_) {
      return;
    }
    last_ = notice.stage;
    savepoint(notice.savepoint);
    const std::string job =
        fmt::format("job {} ('{}')", notice.job.hex(), escaped(notice.job_name));
    switch (notice.stage) {
      case Stage::kStops:
        console_.note("Stopping " + job + " with a savepoint.");
        break;
      case Stage::kCommits:
        console_.note("The sources of " + job + " have stopped; it commits what it wrote.");
        break;
      case Stage::kStarts:
        console_.note("It has stopped. Starting the new program as " + job + ".");
        break;
      case Stage::kAccepted:
        console_.note("The new program was accepted; its tasks are being started.");
        break;
      case Stage::kRuns:
        console_.note("All its tasks run; waiting for its first checkpoint.");
        break;
      case Stage::kGoesBack:
        console_.note("Going back to the old program: " + firstLine(notice.failure));
        break;
      case Stage::kStartsOld:
        console_.note("Starting the old program again as " + job + ".");
        break;
    }
  }

  /// It is complete. The user may need its path whatever comes next.
  void savepoint(const std::string& path) {
    if (!path.empty() && !std::exchange(saved_, true)) {
      console_.result("Savepoint completed. Path: " + escaped(path));
    }
  }

 private:
  static std::string firstLine(const std::string& failure) {  // All of it stands in the answer.
    return escaped(cutText(failure.substr(0, failure.find('\n')), 512));
  }

  Console& console_;  // Borrowed.
  std::optional<runtime::UpgradeStage> last_;
  bool saved_ = false;
};

int report(Console& console,
           const std::string& what,
           const runtime::UpgradeRequest& request,
           const runtime::UpgradeReply& reply) {
  if (!reply.failure.empty()) {  // What was restored is the old program, as it was.
    console.note(fmt::format("The job was down for {} ms.", reply.down_millis));
    return failed(console, what, request, reply);
  }
  printRestore(console, reply.restore);
  console.result("Job has been submitted with JobID " + reply.job.hex());
  console.result(fmt::format("Job {} was upgraded to job {}, and was down for {} ms.",
                             request.job.hex(),
                             reply.job.hex(),
                             reply.down_millis));
  console.document(jsonText(documentOf(request, reply)));
  return kDone;
}

int upgrade(const Invocation& invocation, const std::string& word, RunOptions options) {
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
  console.note(fmt::format("Upgrading job {}.", job->hex()));
  if (options.parallelism == 0) {
    const auto parallelism = parallelismOf(invocation, *job);
    if (!parallelism) {
      return console.failure(what, parallelism.error());
    }
    options.parallelism = *parallelism;
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
  console.note(fmt::format("Checking whether '{}' can go on with what job {} remembers.",
                           escaped(request.next.graph->name),
                           job->hex()));
  Stages stages(console);
  const auto reply = next->client->upgrade(
      request,
      [&stages](const runtime::UpgradeNotice& notice) { stages.heard(notice); },
      interrupted);
  if (!reply) {
    return console.failure(what, reply.error());
  }
  stages.savepoint(reply->savepoint);
  return report(console, what, request, *reply);
}

int upgradeGiven(const Invocation& invocation, const Given& given) {
  auto options = runOptions(given, 1);
  if (!options) {
    return wrongUse(invocation.console, "upgrade", options.error().text());
  }
  takeMatchOptions(given, *options);
  options->ship = given.values("--ship");
  return upgrade(invocation, given.words.front(), *std::move(options));
}

}  // namespace

Command upgradeCommand() {
  std::vector<CommandOption> options = {
      {"-p,--parallelism", "Parallelism of what names none itself; else that of JOB", "N"}};
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
