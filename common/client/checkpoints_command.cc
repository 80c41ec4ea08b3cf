#include <algorithm>
#include <charconv>
#include <optional>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "common/base/utf8.h"
#include "common/client/command_table.h"
#include "common/client/job_events.h"
#include "common/client/json_text.h"
#include "common/runtime/checkpoint_report_json.h"

namespace weir::client {
namespace {

using runtime::CheckpointReport;
using runtime::CheckpointStatus;

constexpr std::size_t kVerdictWidth = 76;  // Indented by four in a terminal of 80 columns.

/// "4.1 s" within eight letters.
std::string shortTime(std::int64_t millis) {
  if (millis < 0) {
    return "-";
  }
  return millis < 10'000    ? fmt::format("{} ms", millis)
         : millis < 100'000 ? fmt::format("{:.1f} s", static_cast<double>(millis) / 1000)
                            : fmt::format("{} s", millis / 1000);
}

std::string headLine(const CheckpointReport& one) {
  return fmt::format("{:>6}  {}  {:<10}  {:>10}  {:>8}  {}/{}",
                     one.id.value(),
                     listTime(one.trigger_millis),
                     one.savepoint ? "savepoint" : "checkpoint",
                     humanBytes(one.bytes),
                     shortTime(one.duration_millis),
                     one.acknowledged,
                     one.subtasks);
}

std::string verdictOf(const CheckpointReport& one) {
  const std::string verdict =
      escaped(one.verdict) +
      (one.unaligned ? "; unaligned, with " + humanBytes(one.in_flight_bytes) + " in flight" : "");
  switch (one.status) {
    case CheckpointStatus::kFailed:
      return "failed: " + verdict;
    case CheckpointStatus::kInProgress:
      return verdict.empty() ? "in progress" : verdict;
    case CheckpointStatus::kCompleted:
      break;
  }
  return verdict;
}

void printHead(Console& console, const CheckpointReport& one) {
  console.result(headLine(one));
  console.result(withMargin(wrapped(verdictOf(one), kVerdictWidth), 4));
}

std::string phaseLine(const runtime::CheckpointPhases& phases) {
  return fmt::format("{:>8}  {:>8}  {:>8}  {:>8}  {:>8}  {:>8}",
                     shortTime(phases.start_delay),
                     shortTime(phases.alignment),
                     shortTime(phases.flush),
                     shortTime(phases.freeze),
                     shortTime(phases.queue),
                     shortTime(phases.write));
}

void printVertex(Console& console, const runtime::VertexTimeline& vertex) {
  console.result(fmt::format("\n{}: {} of {} acknowledged, {}",
                             escaped(vertex.name),
                             vertex.acknowledged,
                             vertex.parallelism,
                             humanBytes(vertex.bytes)));
  console.result("subtask     delay     align     flush    freeze     queue     write       ack");
  for (const runtime::SubtaskTimeline& one : vertex.subtasks) {
    if (one.missing.empty()) {
      console.result(fmt::format(
          "{:>7}  {}  {:>8}", one.subtask + 1, phaseLine(one.phases), shortTime(one.acknowledged)));
      const std::string behind =
          one.behind.empty() ? "" : ", last barrier from " + escaped(one.behind);
      const std::string unaligned =
          one.unaligned ? ", unaligned, with " + humanBytes(one.in_flight_bytes) + " in flight"
                        : "";
      console.result(fmt::format("         {}, {}{}{}",
                                 one.host.empty() ? "?" : escaped(one.host),
                                 humanBytes(one.bytes),
                                 unaligned,
                                 behind));
    } else {
      console.result(fmt::format("{:>7}  has not acknowledged", one.subtask + 1));
      console.result(withMargin(
          wrapped((one.host.empty() ? "" : "on " + escaped(one.host) + ": ") + escaped(one.missing),
                  kVerdictWidth - 5),
          9));
    }
  }
  if (vertex.subtasks.size() < vertex.parallelism) {
    console.result(
        fmt::format("    all  {}  {:>8}", phaseLine(vertex.longest), shortTime(vertex.last)));
    console.result(
        fmt::format("         the longest of each phase; shown above: the {} that are missing or "
                    "slowest",
                    vertex.subtasks.size()));
  }
}

int showOne(Console& console, const JobId& job, const CheckpointReport& report) {
  printHead(console, report);
  if (!report.path.empty()) {
    console.result("    " + escaped(report.path));
  }
  for (const runtime::VertexTimeline& vertex : report.vertices) {
    printVertex(console, vertex);
  }
  if (report.status == CheckpointStatus::kCompleted) {
    console.result(fmt::format("\njob manager: {} to make it durable after the last one",
                               shortTime(report.storing_millis)));
  }
  auto document = runtime::toJson<nlohmann::json>(report);
  document["jobid"] = job.hex();
  document["vertices"] = runtime::verticesJson<nlohmann::json>(report);
  console.document(jsonText(document));
  return kDone;
}

int showAll(Console& console, const JobId& job, const std::vector<CheckpointReport>& reports) {
  nlohmann::json list = nlohmann::json::array();
  if (reports.empty()) {
    console.result("No checkpoints.");
  } else {
    console.result("    id  time                 kind              size  duration  acknowledged");
  }
  for (const CheckpointReport& one : reports) {
    printHead(console, one);
    list.push_back(runtime::toJson<nlohmann::json>(one));
  }
  console.document(jsonText({{"jobid", job.hex()}, {"checkpoints", std::move(list)}}));
  return kDone;
}

std::optional<CheckpointId> parseCheckpointId(const std::string& text) {
  std::uint64_t value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  return error == std::errc() && stop == end && value > 0 ? std::optional(CheckpointId(value))
                                                          : std::nullopt;
}

int showCheckpoints(const Invocation& invocation, const Given& given) {
  Console& console = invocation.console;
  const std::string what = "checkpoints " + given.word(0);
  const auto job = parseJobId(given.word(0));
  if (!job) {
    return console.failure(what, job.error());
  }
  std::optional<CheckpointId> which;
  if (given.words.size() > 1) {
    which = parseCheckpointId(given.word(1));
    if (!which) {
      return wrongUse(console,
                      "checkpoints",
                      "the ID of a checkpoint is a number, not '" + given.word(1) + "'");
    }
  }
  auto client = connect(invocation);
  if (!client) {
    return console.failure(what, client.error());
  }
  const auto reports = (*client)->checkpoints(*job, which);
  if (!reports) {
    return console.failure(what, reports.error());
  }
  return which && !reports->empty() ? showOne(console, *job, reports->front())
                                    : showAll(console, *job, *reports);
}

}  // namespace

Command checkpointsCommand() {
  return {.name = "checkpoints",
          .meaning = "Shows a job's last checkpoints with verdicts",
          .usage = {"[OPTIONS] JOB [ID]"},
          .help =
              "The verdict of one that is in progress, slow or failed names the subtasks\n"
              "that it waits or waited for, and why.\n"
              "With the ID of a checkpoint, what each subtask did, in milliseconds or seconds:\n"
              "  delay   from the trigger until its first barrier came\n"
              "  align   until the barriers of all its inputs had come\n"
              "  flush   until it had sent on what came before, and the barrier\n"
              "  freeze  the task stood still while its state was frozen\n"
              "  queue   until it was its turn to write\n"
              "  write   until its state was stored\n"
              "  ack     all together\n"
              "Example:\n  weir checkpoints 5e20cb6b0f357591171dfcca2eea09de 12",
          .needs = {"the JOB"},
          .most_words = 2,
          .run = showCheckpoints};
}

}  // namespace weir::client
