#include <algorithm>
#include <chrono>
#include <tuple>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "common/base/clock.h"
#include "common/base/utf8.h"
#include "common/client/command_table.h"
#include "common/client/job_events.h"
#include "common/client/json_text.h"
#include "common/config/options.h"

namespace weir::client {

namespace {

using runtime::JobState;
using runtime::JobSummary;

constexpr std::size_t kStatusWidth = 76;  // Indented by four in a terminal of 80 columns.

std::string listLine(const JobSummary& job) {
  return fmt::format("{} : {} : {} ({})",
                     listTime(job.start_millis),
                     job.id.hex(),
                     escaped(job.name),
                     toString(job.state));
}

/// The first line, without the clause at its end that announces the lines behind it.
std::string firstSentence(const std::string& failure) {
  std::string first = failure.substr(0, failure.find('\n'));
  if (first.ends_with(':')) {
    const std::size_t clause = first.rfind("; ");
    first.resize(clause == std::string::npos ? first.size() - 1 : clause);
  }
  return first;
}

/// How long it runs or ran, and what there is to say of restarts, waits and failures.
std::vector<std::string> statusOf(const JobSummary& job, std::int64_t now) {
  const bool ended = isTerminal(job.state);
  std::string status = "for " + humanDuration((ended ? job.end_millis : now) - job.start_millis);
  if (job.restarts > 0) {
    status += fmt::format(", restarted {} time{}", job.restarts, job.restarts == 1 ? "" : "s");
  }
  if (!job.waiting.empty()) {
    status += ", waits " + escaped(job.waiting);
  }
  std::vector<std::string> texts{std::move(status)};
  if (!job.failure.empty()) {
    texts.push_back((job.state == runtime::JobState::kFailed ? "failure: " : "last failure: ") +
                    escaped(firstSentence(job.failure)));
  }
  return texts;
}

void printSection(Console& console,
                  std::string_view title,
                  const std::vector<JobSummary>& jobs,
                  std::string_view none,
                  std::int64_t now) {
  if (jobs.empty()) {
    console.result(none);
    return;
  }
  console.result(title);
  for (const JobSummary& job : jobs) {
    console.result(listLine(job));
    for (const std::string& text : statusOf(job, now)) {
      console.result(withMargin(wrapped(text, kStatusWidth), 4));
    }
  }
  console.result(std::string(title.size(), '-'));
}

nlohmann::json summaryJson(const JobSummary& job, std::int64_t now) {
  return {{"jobid", job.id.hex()},
          {"name", job.name},
          {"state", toString(job.state)},
          {"start-time", job.start_millis},
          {"end-time", job.end_millis},
          {"duration", (job.end_millis < 0 ? now : job.end_millis) - job.start_millis},
          {"restarts", job.restarts},
          {"failure", job.failure},
          {"waiting", job.waiting}};
}

std::string listDocument(const std::vector<JobSummary>& jobs, std::int64_t now) {
  nlohmann::json list = nlohmann::json::array();
  for (const JobSummary& job : jobs) {
    list.push_back(summaryJson(job, now));
  }
  return jsonText({{"jobs", list}});
}

void sortByStart(std::vector<JobSummary>& jobs) {
  std::ranges::sort(jobs, [](const JobSummary& a, const JobSummary& b) {
    return std::tie(a.start_millis, a.id) < std::tie(b.start_millis, b.id);
  });
}

int listJobs(const Invocation& invocation, const Given& given) {
  const bool only_running = given.has("--running");
  const bool only_scheduled = given.has("--scheduled");
  const bool all = given.has("--all");
  Console& console = invocation.console;
  auto client = connect(invocation);
  if (!client) {
    return console.failure("list", client.error());
  }
  auto jobs = (*client)->list();
  if (!jobs) {
    return console.failure("list", jobs.error());
  }
  sortByStart(*jobs);
  std::vector<JobSummary> running;
  std::vector<JobSummary> scheduled;
  std::vector<JobSummary> ended;
  for (const JobSummary& job : *jobs) {
    (isTerminal(job.state)             ? ended
     : job.state == JobState::kCreated ? scheduled
                                       : running)
        .push_back(job);
  }
  const std::int64_t now = toEpochMillis(std::chrono::system_clock::now());
  const bool both = all || only_running == only_scheduled;
  std::vector<JobSummary> chosen;
  if (both || only_running) {
    printSection(console,
                 "------------------ Running/Restarting Jobs -------------------",
                 running,
                 "No running jobs.",
                 now);
    chosen.insert(chosen.end(), running.begin(), running.end());
  }
  if (both || only_scheduled) {
    printSection(console,
                 "----------------------- Scheduled Jobs -----------------------",
                 scheduled,
                 "No scheduled jobs.",
                 now);
    chosen.insert(chosen.end(), scheduled.begin(), scheduled.end());
  }
  if (all) {
    printSection(console,
                 "------------------------- Ended Jobs -------------------------",
                 ended,
                 "No ended jobs.",
                 now);
    if (std::ssize(ended) >= invocation.configuration.get(config::kWebHistory)) {
      console.result("The job manager forgets older ended jobs (jobmanager.web.history).");
    }
    chosen.insert(chosen.end(), ended.begin(), ended.end());
  }
  console.document(listDocument(chosen, now));
  return kDone;
}

}  // namespace

Command listCommand() {
  return {.name = "list",
          .meaning = "Lists jobs: start time, id, name, state",
          .usage = {"[OPTIONS]"},
          .help = "Example:\n  weir list -r",
          .options = {{"-r,--running", "Only running and restarting jobs"},
                      {"-s,--scheduled", "Only jobs that are not running yet"},
                      {"-a,--all", "Jobs that have ended too"}},
          .run = listJobs};
}

}  // namespace weir::client
