#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "common/base/utf8.h"
#include "common/client/command_table.h"
#include "common/client/job_events.h"
#include "common/client/json_text.h"

namespace weir::client {
namespace {

int listSavepoints(const Invocation& invocation, const Given& /*given*/) {
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

}  // namespace

Command savepointListCommand() {
  return {.name = "savepoint list",
          .meaning = "Lists savepoints: time, path, job, checkpoint, size",
          .usage = {"[OPTIONS]"},
          .help = "Example:\n  weir savepoint list --json | jq '.savepoints[].path'",
          .run = listSavepoints};
}

}  // namespace weir::client
