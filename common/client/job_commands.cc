#include <algorithm>
#include <chrono>
#include <optional>
#include <tuple>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "common/base/clock.h"
#include "common/base/nearest.h"
#include "common/base/utf8.h"
#include "common/client/commands.h"
#include "common/client/job_events.h"
#include "common/client/json_text.h"
#include "common/config/options.h"
#include "common/config/reference.h"
#include "common/config/resolve.h"
#include "common/fs/uri.h"

namespace weir::client {

std::atomic<bool> interrupted = false;

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

}  // namespace

Result<std::unique_ptr<JobManagerClient>> connect(const Invocation& invocation) {
  return JobManagerClient::connect(invocation.job_manager,
                                   config::Security::resolve(invocation.configuration),
                                   invocation.configuration.get(config::kLookupTimeout),
                                   invocation.configuration.get(config::kClientTimeout));
}

Result<JobId> parseJobId(const std::string& text) {
  auto job = JobId::parse(escaped(text));  // What is escaped is no id either.
  if (!job) {
    return std::move(job).error().advise(
        "'weir list -a' shows the ids of the jobs that run or have ended last");
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
  const std::int64_t now = toEpochMillis(std::chrono::system_clock::now());
  const bool both = options.all || options.running == options.scheduled;
  std::vector<JobSummary> chosen;
  if (both || options.running) {
    printSection(console,
                 "------------------ Running/Restarting Jobs -------------------",
                 running,
                 "No running jobs.",
                 now);
    chosen.insert(chosen.end(), running.begin(), running.end());
  }
  if (both || options.scheduled) {
    printSection(console,
                 "----------------------- Scheduled Jobs -----------------------",
                 scheduled,
                 "No scheduled jobs.",
                 now);
    chosen.insert(chosen.end(), scheduled.begin(), scheduled.end());
  }
  if (options.all) {
    printSection(console,
                 "------------------------- Ended Jobs -------------------------",
                 ended,
                 "No ended jobs.",
                 now);
    if (std::ssize(ended) >= invocation.configuration.get(config::kWebHistory)) {
      console.result(
          fmt::format("The job manager remembers the last {} ended job{} (jobmanager.web.history).",
                      ended.size(),
                      ended.size() == 1 ? "" : "s"));
    }
    chosen.insert(chosen.end(), ended.begin(), ended.end());
  }
  console.document(listDocument(chosen, now));
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
      interrupted);
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

/// Lines behind the first, which scripts read, within a terminal's 80 columns.
std::string inLines(const std::string& text) {
  std::string lines;
  std::size_t from = 0;
  while (from < text.size()) {
    const std::size_t end = std::min(text.find('\n', from), text.size());
    const std::string line = text.substr(from, end - from);
    const std::string margin = from == 0 ? "" : "    ";
    std::string rest = from == 0 ? line : wrapped(line, kStatusWidth);
    for (const char c : rest) {
      lines += c;
      lines += c == '\n' ? margin : "";
    }
    lines += end < text.size() ? "\n" : "";
    from = end + 1;
  }
  return lines;
}

}  // namespace

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
    return console.failure(
        "config " + key,
        Error(ErrorCode::kNotFound, "there is no such key")
            .advise(similar(key, {"check"}).empty() ? config::adviceForUnknownKey(key)
                                                    : "did you mean 'check'?"));
  }
  if (option == &config::kSavepointBackend) {
    config::Warnings warnings;  // Where the value in force is not the one that was set.
    (void)config::resolveSavepointStorage(invocation.configuration, warnings);
    for (const std::string& warning : warnings) {
      console.note("warning: " + warning);
    }
  }
  const auto description = invocation.configuration.describe(*option);
  console.result(inLines(config::renderText(description)));
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
    console.note("warning: " + escaped(warning));
  }
  nlohmann::json document = {{"file", file}, {"problems", nlohmann::json::array()}};
  for (const Error& problem : problems) {
    document["problems"].push_back(problem.text());
  }
  document["warnings"] = warnings;
  if (!problems.empty()) {
    std::string list;
    for (const Error& problem : problems) {
      list += "\n" + escaped(problem.text());
    }
    return console.failure("config check " + file,
                           Error(ErrorCode::kInvalidArgument,
                                 fmt::format("{} problem(s) found", problems.size()) + list)
                               .advise("correct them and check again"),
                           jsonText(document));
  }
  console.result(fmt::format("{}: in order.", escaped(file)));
  console.document(jsonText(document));
  return kDone;
}

}  // namespace weir::client
