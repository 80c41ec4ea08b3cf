#include <chrono>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "common/base/clock.h"
#include "common/base/utf8.h"
#include "common/client/command_table.h"
#include "common/client/job_events.h"
#include "common/client/json_text.h"
#include "common/remote/remote_file_systems.h"
#include "common/snapshot/savepoints.h"

namespace weir::client {
namespace {

/// Those in `directory`, without asking anybody.
Result<std::vector<runtime::SavepointInfo>> savepointsIn(const Invocation& invocation,
                                                         const std::string& directory) {
  fs::FileSystems files = remote::fileSystems(invocation.configuration);
  const std::string path = savepointPath(directory);
  WEIR_RETURN_IF_ERROR(files.list(path));
  return snapshot::listSavepoints(files, path, mostMetadata(invocation));
}

Result<std::vector<runtime::SavepointInfo>> knownSavepoints(const Invocation& invocation) {
  WEIR_TRY(const auto client, connect(invocation));
  return client->listSavepoints();
}

void printSavepoint(Console& console, const runtime::SavepointInfo& one, std::int64_t now) {
  if (!one.error.empty()) {
    console.result(fmt::format("{} : {}", escaped(one.path), escaped(one.error)));
    return;
  }
  console.result(fmt::format("{} : {} : job {} ({}) : checkpoint {} : {}",
                             listTime(one.created_millis),
                             escaped(one.path),
                             one.job.hex(),
                             escaped(one.job_name),
                             one.checkpoint.value(),
                             humanBytes(one.bytes)));
  std::string more = humanDuration(now - one.created_millis) + " old";
  more += one.label.empty() ? "" : ", '" + escaped(one.label) + "'";
  for (const JobId user : one.users) {
    more += ", needed by job " + user.hex();
  }
  console.result(withMargin(wrapped(more, 76), 4));
}

nlohmann::json savepointJson(const runtime::SavepointInfo& one, std::int64_t now) {
  if (!one.error.empty()) {
    return {{"path", one.path}, {"error", one.error}};
  }
  nlohmann::json users = nlohmann::json::array();
  for (const JobId user : one.users) {
    users.push_back(user.hex());
  }
  return {{"path", one.path},
          {"jobid", one.job.hex()},
          {"job-name", one.job_name},
          {"checkpoint-id", one.checkpoint.value()},
          {"created", one.created_millis},
          {"age", now - one.created_millis},
          {"size", one.bytes},
          {"label", one.label},
          {"needed-by", users}};
}

int listSavepoints(const Invocation& invocation, const Given& given) {
  Console& console = invocation.console;
  const auto savepoints =
      given.words.empty() ? knownSavepoints(invocation) : savepointsIn(invocation, given.words[0]);
  if (!savepoints) {
    return console.failure("savepoint list", savepoints.error());
  }
  if (savepoints->empty()) {
    console.result("No savepoints.");
  }
  const std::int64_t now = toEpochMillis(std::chrono::system_clock::now());
  nlohmann::json list = nlohmann::json::array();
  for (const runtime::SavepointInfo& one : *savepoints) {
    printSavepoint(console, one, now);
    list.push_back(savepointJson(one, now));
  }
  console.document(jsonText({{"savepoints", list}}));
  return kDone;
}

}  // namespace

Command savepointListCommand() {
  return {.name = "savepoint list",
          .meaning = "Lists savepoints: age, size, job, label, who needs them",
          .usage = {"[OPTIONS] [DIR]"},
          .help =
              "Those that the job manager knows: in its memory, in the configured directory and\n"
              "where it wrote some; with DIR those in DIR, without a job manager.\n"
              "Example:\n"
              "  weir savepoint list --json | jq '.savepoints[].path'",
          .most_words = 1,
          .run = listSavepoints};
}

}  // namespace weir::client
