#include "jobmanager/checkpoint/checkpoint_history.h"

#include <algorithm>
#include <utility>

#include "common/base/text.h"
#include "jobmanager/checkpoint/short_duration.h"

namespace weir::jobmanager {
namespace {

using runtime::CheckpointStatus;

constexpr std::int64_t kAlwaysInTime = 1000;  // Milliseconds.
constexpr std::int64_t kSlowFactor = 3;       // Times what is usual.
constexpr std::size_t kUsual = 10;            // Completed ones that say what is usual.
constexpr std::size_t kMostVerdictBytes = 1000;

std::int64_t toMillis(Duration duration) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
}

std::string firstLine(const std::string& text) {
  return cutText(text.substr(0, text.find('\n')), kMostVerdictBytes);
}

}  // namespace

CheckpointHistory::CheckpointHistory(const graph::JobGraph& graph,
                                     Bounds bounds,
                                     const CheckpointedTasks& tasks)
    : graph_(graph), bounds_(bounds), tasks_(tasks) {}

CheckpointHistory::Entry* CheckpointHistory::find(CheckpointId id) {
  const auto found = std::find_if(
      entries_.begin(), entries_.end(), [&](const Entry& one) { return one.report->id == id; });
  return found == entries_.end() ? nullptr : &*found;
}

/// Views keep what they have got.
runtime::CheckpointReport& CheckpointHistory::change(Entry& entry) {
  if (std::exchange(entry.shown, false)) {
    entry.report = std::make_shared<runtime::CheckpointReport>(*entry.report);
  }
  return *entry.report;
}

void CheckpointHistory::began(CheckpointId id, bool savepoint, std::int64_t trigger_millis) {
  Entry entry;
  entry.report = std::make_shared<runtime::CheckpointReport>();
  entry.report->id = id;
  entry.report->savepoint = savepoint;
  entry.report->trigger_millis = trigger_millis;
  for (const graph::JobVertex& vertex : graph_.vertices) {
    entry.report->subtasks += vertex.parallelism;
  }
  entry.timeline = std::make_unique<CheckpointTimeline>(graph_, trigger_millis);
  entries_.push_front(std::move(entry));
  if (entries_.size() > bounds_.checkpoints) {
    entries_.pop_back();
  }
}

void CheckpointHistory::acknowledged(const runtime::CheckpointAck& ack,
                                     std::uint64_t bytes,
                                     Duration since_trigger) {
  Entry* entry = find(ack.checkpoint);
  if (entry == nullptr || entry->timeline == nullptr) {
    return;
  }
  entry->timeline->acknowledged(ack, bytes, since_trigger);
  runtime::CheckpointReport& report = change(*entry);
  ++report.acknowledged;
  report.bytes += bytes;
  report.unaligned = report.unaligned || ack.unaligned;
  report.in_flight_bytes += ack.in_flight_bytes;
}

void CheckpointHistory::completed(CheckpointId id,
                                  Duration took,
                                  Duration storing,
                                  const std::string& path) {
  ++completed_;
  Entry* entry = find(id);
  if (entry == nullptr || entry->timeline == nullptr) {
    return;
  }
  runtime::CheckpointReport& report = change(*entry);
  report.storing_millis = toMillis(storing);
  report.path = path;
  report.duration_millis = toMillis(took);
  report.verdict = verdictOf(*entry);
  report.status = CheckpointStatus::kCompleted;
  end(*entry, took);
}

void CheckpointHistory::failed(CheckpointId id, Duration took, const Error& why) {
  ++failed_;
  Entry* entry = find(id);
  if (entry == nullptr || entry->timeline == nullptr) {
    return;
  }
  runtime::CheckpointReport& report = change(*entry);
  report.status = CheckpointStatus::kFailed;
  report.failure = cutText(why.text(), kMostLoggedBytes);
  report.verdict = firstLine(why.text());
  if (why.code() == ErrorCode::kDeadlineExceeded && report.acknowledged < report.subtasks) {
    report.verdict =
        cutText(report.verdict + ": " + entry->timeline->missing(tasks_), kMostVerdictBytes);
  }
  end(*entry, took);
}

void CheckpointHistory::end(Entry& entry, Duration took) {
  entry.report->duration_millis = toMillis(took);
  entry.report->vertices = entry.timeline->vertices(bounds_.subtasks, tasks_);
  entry.timeline.reset();
}

/// Of one that completes now: slow by what the job asks for, or by what is usual.
std::string CheckpointHistory::verdictOf(const Entry& entry) const {
  const runtime::CheckpointReport& report = *entry.report;
  const std::int64_t interval = graph_.checkpoints.interval.count();
  const std::int64_t usual = usualMillis();
  const bool beyond_interval =
      !report.savepoint && interval > 0 && report.duration_millis > interval;
  const bool unusual = usual > 0 && report.duration_millis > kSlowFactor * usual;
  if (report.duration_millis <= kAlwaysInTime || !(beyond_interval || unusual)) {
    return "in time";
  }
  const CheckpointTimeline::Longest longest = entry.timeline->longest(tasks_);
  return "slow: " + (report.storing_millis > longest.millis
                         ? "the job manager took " + shortDuration(report.storing_millis) +
                               " to make it durable"
                         : longest.phrase);
}

/// The median of the last that completed; 0: there is none.
std::int64_t CheckpointHistory::usualMillis() const {
  std::vector<std::int64_t> durations;
  for (const Entry& one : entries_) {
    if (one.report->status == CheckpointStatus::kCompleted && durations.size() < kUsual) {
      durations.push_back(one.report->duration_millis);
    }
  }
  if (durations.empty()) {
    return 0;
  }
  const auto middle = durations.begin() + static_cast<std::ptrdiff_t>(durations.size() / 2);
  std::nth_element(durations.begin(), middle, durations.end());
  return std::max<std::int64_t>(1, *middle);
}

std::vector<CheckpointHistory::SharedReport> CheckpointHistory::views() const {
  std::vector<SharedReport> views;
  views.reserve(entries_.size());
  for (const Entry& one : entries_) {
    one.shown = true;
    views.push_back(one.report);
  }
  return views;
}

std::string CheckpointHistory::progressOf(const CheckpointTimeline& timeline) const {
  const std::string missing = timeline.missing(tasks_);
  return missing.empty() ? "all subtasks have acknowledged, it is being made durable"
                         : cutText("in progress: " + missing, kMostVerdictBytes);
}

std::vector<CheckpointHistory::SharedReport> CheckpointHistory::told() const {
  std::vector<SharedReport> told = views();
  for (std::size_t i = 0; i < told.size(); ++i) {
    if (entries_[i].timeline != nullptr) {
      auto report = std::make_shared<runtime::CheckpointReport>(*told[i]);
      report->verdict = progressOf(*entries_[i].timeline);
      told[i] = std::move(report);
    }
  }
  return told;
}

std::optional<runtime::CheckpointReport> CheckpointHistory::report(CheckpointId id) const {
  for (const Entry& one : entries_) {
    if (one.report->id != id) {
      continue;
    }
    runtime::CheckpointReport report = *one.report;
    if (one.timeline != nullptr) {
      report.vertices = one.timeline->vertices(bounds_.subtasks, tasks_);
      report.verdict = progressOf(*one.timeline);
    }
    return report;
  }
  return std::nullopt;
}

}  // namespace weir::jobmanager
