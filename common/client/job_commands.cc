#include <algorithm>
#include <tuple>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "common/client/commands.h"
#include "common/client/job_events.h"
#include "common/config/options.h"
#include "common/config/reference.h"
#include "common/config/resolve.h"
#include "common/fs/uri.h"

namespace weir::client {

std::atomic<bool> interrupted = false;

namespace {

using runtime::JobState;
using runtime::JobSummary;

std::string listLine(const JobSummary& job, bool with_state) {
  const std::string line =
      fmt::format("{} : {} : {}", listTime(job.start_millis), job.id.hex(), job.name);
  return with_state ? fmt::format("{} ({})", line, toString(job.state)) : line;
}

void printSection(Console& console,
                  std::string_view title,
                  const std::vector<JobSummary>& jobs,
                  std::string_view none,
                  bool with_state) {
  if (jobs.empty()) {
    console.result(none);
    return;
  }
  console.result(title);
  for (const JobSummary& job : jobs) {
    console.result(listLine(job, with_state));
  }
  console.result(std::string(title.size(), '-'));
}

nlohmann::json summaryJson(const JobSummary& job) {
  return {{"jobid", job.id.hex()},
          {"name", job.name},
          {"state", toString(job.state)},
          {"start-time", job.start_millis},
          {"end-time", job.end_millis}};
}

std::string listDocument(const std::vector<JobSummary>& jobs) {
  nlohmann::json list = nlohmann::json::array();
  for (const JobSummary& job : jobs) {
    list.push_back(summaryJson(job));
  }
  return nlohmann::json{{"jobs", list}}.dump(
      2, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace

Result<std::unique_ptr<JobManagerClient>> connect(const Invocation& invocation) {
  return JobManagerClient::connect(invocation.job_manager,
                                   invocation.configuration.get(config::kLookupTimeout));
}

Result<JobId> parseJobId(const std::string& text) {
  auto job = JobId::parse(text);
  if (!job) {
    return std::move(job).error().advise("'weir list -a' shows the ids of all jobs");
  }
  return job;
}

std::string savepointPath(const std::string& typed) { return fs::absolutePath(typed); }

int listJobs(const Invocation& invocation, const ListOptions& options) {
  Console& console = invocation.console;
  auto client = connect(invocation);
  if (!client) {
    return console.failure("list", client.error());
  }
  auto jobs = (*client)->list();
  if (!jobs) {
    return console.failure("list", jobs.error());
  }
  std::sort(jobs->begin(), jobs->end(), [](const JobSummary& a, const JobSummary& b) {
    return std::tie(a.start_millis, a.id) < std::tie(b.start_millis, b.id);
  });
  std::vector<JobSummary> running;
  std::vector<JobSummary> scheduled;
  std::vector<JobSummary> ended;
  for (const JobSummary& job : *jobs) {
    (isTerminal(job.state)             ? ended
     : job.state == JobState::kCreated ? scheduled
                                       : running)
        .push_back(job);
  }
  const bool both = options.all || options.running == options.scheduled;
  std::vector<JobSummary> chosen;
  if (both || options.running) {
    printSection(console,
                 "------------------ Running/Restarting Jobs -------------------",
                 running,
                 "No running jobs.",
                 true);
    chosen.insert(chosen.end(), running.begin(), running.end());
  }
  if (both || options.scheduled) {
    printSection(console,
                 "----------------------- Scheduled Jobs -----------------------",
                 scheduled,
                 "No scheduled jobs.",
                 true);
    chosen.insert(chosen.end(), scheduled.begin(), scheduled.end());
  }
  if (options.all) {
    printSection(console,
                 "------------------------- Ended Jobs -------------------------",
                 ended,
                 "No ended jobs.",
                 true);
    chosen.insert(chosen.end(), ended.begin(), ended.end());
  }
  console.document(listDocument(chosen));
  return kDone;
}

int cancelJob(const Invocation& invocation, const CancelOptions& options) {
  Console& console = invocation.console;
  const std::string what = "cancel " + options.job;
  const auto job = parseJobId(options.job);
  if (!job) {
    return console.failure(what, job.error());
  }
  if (options.with_savepoint) {
    return takeSavepointAndCancel(invocation, *job, options.directory);
  }
  auto client = connect(invocation);
  if (!client) {
    return console.failure(what, client.error());
  }
  if (const Status cancelled = (*client)->cancel(*job); !cancelled) {
    return console.failure(what, cancelled.error());
  }
  console.note(fmt::format("Cancelled job {}.", job->hex()));
  console.document(nlohmann::json{{"jobid", job->hex()}}.dump(2));
  return kDone;
}

int showConfiguration(const Invocation& invocation, const std::string& key) {
  Console& console = invocation.console;
  if (key.empty()) {
    console.result(config::renderText(invocation.configuration));
    console.document(config::renderJson(invocation.configuration));
    return kDone;
  }
  const config::OptionInfo* option = config::findOption(key);
  if (option == nullptr) {
    if (const std::string_view reason = config::whyIgnored(key); !reason.empty()) {
      return console.failure(
          "config " + key,
          Error(ErrorCode::kNotFound, "has no effect here: " + std::string(reason)));
    }
    return console.failure("config " + key,
                           Error(ErrorCode::kNotFound, "there is no such key")
                               .advise("did you mean '" + config::nearestKey(key) + "'?"));
  }
  if (option == &config::kSavepointBackend) {
    config::Warnings warnings;  // Where the value in force is not the one that was set.
    (void)config::resolveSavepointStorage(invocation.configuration, warnings);
    for (const std::string& warning : warnings) {
      console.note("warning: " + warning);
    }
  }
  const auto description = invocation.configuration.describe(*option);
  console.result(config::renderText(description));
  console.document(config::renderJson(description));
  return kDone;
}

namespace {

/// What the daemons look at beyond single values: keys that need one another.
void checkTogether(const config::Configuration& configuration,
                   config::Warnings& warnings,
                   std::vector<Error>& problems) {
  for (const Status& status :
       {config::checkJobManager(configuration), config::checkTaskManager(configuration)}) {
    if (!status) {
      problems.push_back(status.error());
    }
  }
  if (problems.empty()) {
    (void)config::resolveSavepointStorage(configuration, warnings);
  }
}

}  // namespace

int checkConfiguration(Console& console, const std::string& file) {
  config::Warnings warnings;
  std::vector<Error> problems;
  const auto configuration = config::Configuration::check(file, {}, warnings, problems);
  if (problems.empty()) {
    checkTogether(configuration, warnings, problems);
  }
  for (const std::string& warning : warnings) {
    console.note("warning: " + warning);
  }
  nlohmann::json document = {{"file", file}, {"problems", nlohmann::json::array()}};
  for (const Error& problem : problems) {
    document["problems"].push_back(problem.text());
  }
  document["warnings"] = warnings;
  if (!problems.empty()) {
    std::string list;
    for (const Error& problem : problems) {
      list += "\n" + problem.text();
    }
    return console.failure("config check " + file,
                           Error(ErrorCode::kInvalidArgument,
                                 fmt::format("{} problem(s) found", problems.size()) + list)
                               .advise("correct them and check again"),
                           document.dump(2));
  }
  console.result(fmt::format("{}: in order.", file));
  console.document(document.dump(2));
  return kDone;
}

}  // namespace weir::client
