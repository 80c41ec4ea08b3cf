#include "common/client/job_events.h"

#include <ctime>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "common/accumulators/accumulators.h"
#include "common/base/overloaded.h"
#include "common/base/utf8.h"
#include "common/client/json_text.h"

namespace weir::client {
namespace {

std::string localTime(std::int64_t millis, const char* pattern) {
  const std::time_t seconds = millis / 1000;
  std::tm parts{};
  ::localtime_r(&seconds, &parts);
  char text[32];
  const std::size_t length = std::strftime(text, sizeof text, pattern, &parts);
  return {text, length};
}

std::string withCause(std::string line, const std::string& cause) {
  if (cause.empty()) {
    return line;
  }
  line += "\n  ";
  for (const char c : cause) {  // No line of a cause looks like one of ours.
    line += c;
    line += c == '\n' ? "  " : "";
  }
  return line;
}

std::string valueText(const runtime::AccumulatorValue& value) {
  return functions::accumulatorJson({value.name, value.type, value.bytes});
}

}  // namespace

std::string listTime(std::int64_t millis) { return localTime(millis, "%d.%m.%Y %H:%M:%S"); }

std::string describeEvent(const runtime::JobEvent& event) {
  static constexpr const char* kPattern = "%m/%d/%Y %H:%M:%S";
  return std::visit(
      Overloaded{[](const runtime::JobStateChange& job) {
                   return withCause(fmt::format("{}\tJob execution switched to status {}.",
                                                localTime(job.millis, kPattern),
                                                toString(job.state)),
                                    job.cause);
                 },
                 [](const runtime::TaskStateChange& task) {
                   return withCause(fmt::format("{}\t{}({}/{}) switched to {}",
                                                localTime(task.millis, kPattern),
                                                escaped(task.task_name),
                                                task.subtask + 1,
                                                task.parallelism,
                                                toString(task.state)),
                                    task.cause);
                 },
                 [](const runtime::JobResult&) { return std::string(); }},  // The end is no line.
      event);
}

std::string describeProgress(runtime::JobEvent event) {
  std::visit(Overloaded{[](runtime::JobStateChange& job) {
                          if (job.state != runtime::JobState::kRestarting) {
                            job.cause.clear();
                          }
                        },
                        [](runtime::TaskStateChange& task) { task.cause.clear(); },
                        [](runtime::JobResult&) {}},
             event);
  return describeEvent(event);
}

std::string describeEnd(const runtime::JobResult& result) {
  if (result.state == runtime::JobState::kCanceled) {
    return "has been cancelled";
  }
  return result.cause.empty() ? "has failed" : result.cause;
}

void printAccumulators(Console& console, const std::vector<runtime::AccumulatorValue>& values) {
  if (values.empty()) {
    return;
  }
  console.result("Accumulator Results:");
  for (const runtime::AccumulatorValue& value : values) {
    console.result(fmt::format(
        "- {} ({}): {}", escaped(value.name), escaped(value.type), escaped(valueText(value))));
  }
}

std::string submissionDocument(const JobId& job,
                               const std::string& name,
                               const runtime::RestoreReport& restore) {
  const nlohmann::json document = {
      {"jobid", job.hex()},
      {"name", name},
      {"restore",
       {{"matched", restore.matched}, {"empty", restore.empty}, {"dropped", restore.dropped}}}};
  return jsonText(document);
}

std::string resultDocument(const JobId& job,
                           const std::string& name,
                           const runtime::JobResult& result) {
  nlohmann::json document = {{"jobid", job.hex()},
                             {"name", name},
                             {"state", toString(result.state)},
                             {"runtime", result.runtime_millis},
                             {"accumulators", nlohmann::json::object()}};
  if (!result.cause.empty()) {
    document["cause"] = result.cause;
  }
  for (const runtime::AccumulatorValue& value : result.accumulators) {
    document["accumulators"][value.name] = {
        {"type", value.type}, {"value", nlohmann::json::parse(valueText(value), nullptr, false)}};
  }
  return jsonText(document);
}

}  // namespace weir::client
