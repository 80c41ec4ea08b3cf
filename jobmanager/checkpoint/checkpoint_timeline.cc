#include "jobmanager/checkpoint/checkpoint_timeline.h"

#include <algorithm>
#include <limits>
#include <numeric>
#include <utility>

#include "common/base/text.h"
#include "jobmanager/checkpoint/short_duration.h"

namespace weir::jobmanager {
namespace {

constexpr std::size_t kMostNameBytes = 80;  // Of a vertex, in a line about it.
constexpr std::size_t kMostMissingNamed = 3;

std::uint32_t millisOf(Duration duration) {
  const auto count = std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>(count, 0, UINT32_MAX));
}

/// What its worker has measured came behind the first barrier; the rest was before.
runtime::CheckpointPhases phasesOf(const runtime::CheckpointAck& ack, std::uint32_t acknowledged) {
  runtime::CheckpointPhases phases{.start_delay = 0,
                                   .alignment = ack.alignment_millis,
                                   .flush = ack.flush_millis,
                                   .freeze = ack.freeze_millis,
                                   .queue = ack.queue_millis,
                                   .write = ack.write_millis};
  const std::uint64_t measured =
      std::uint64_t{phases.alignment} + phases.flush + phases.freeze + phases.queue + phases.write;
  phases.start_delay =
      measured < acknowledged ? acknowledged - static_cast<std::uint32_t>(measured) : 0;
  return phases;
}

void raise(runtime::CheckpointPhases& longest, const runtime::CheckpointPhases& one) {
  longest.start_delay = std::max(longest.start_delay, one.start_delay);
  longest.alignment = std::max(longest.alignment, one.alignment);
  longest.flush = std::max(longest.flush, one.flush);
  longest.freeze = std::max(longest.freeze, one.freeze);
  longest.queue = std::max(longest.queue, one.queue);
  longest.write = std::max(longest.write, one.write);
}

/// For heldUp(): only what lasts.
constexpr std::int64_t kNow = std::numeric_limits<std::int64_t>::max();

}  // namespace

CheckpointTimeline::CheckpointTimeline(const graph::JobGraph& graph, std::int64_t trigger_millis)
    : graph_(graph),
      trigger_millis_(trigger_millis),
      inputs_(graph.vertices.size()),
      here_(graph.vertices.size()) {
  for (const graph::JobVertex& vertex : graph.vertices) {
    index_.emplace(vertex.id, static_cast<std::uint32_t>(parts_.size()));
    parts_.emplace_back(vertex.parallelism);
  }
  for (const graph::JobEdge& edge : graph.edges) {
    inputs_[edge.target_vertex].push_back(&edge);
  }
}

void CheckpointTimeline::acknowledged(const runtime::CheckpointAck& ack,
                                      std::uint64_t bytes,
                                      Duration since_trigger) {
  const auto vertex = index_.find(ack.task.vertex);
  if (vertex == index_.end() || ack.task.subtask >= parts_[vertex->second].size()) {
    return;
  }
  Part& part = parts_[vertex->second][ack.task.subtask];
  part.acknowledged = millisOf(since_trigger);
  part.phases = phasesOf(ack, part.acknowledged);
  part.last_channel = ack.last_channel;
  part.bytes = bytes;
  part.unaligned = ack.unaligned;
  part.in_flight_bytes = ack.in_flight_bytes;
  here_[vertex->second] += std::exchange(part.here, true) ? 0 : 1;
}

// ----------------------------------------------------------------------------------- single ones

std::string CheckpointTimeline::name(Place place) const {
  const graph::JobVertex& vertex = graph_.vertices[place.vertex];
  return cutText(vertex.name, kMostNameBytes) + " (" + std::to_string(place.subtask + 1) + "/" +
         std::to_string(vertex.parallelism) + ")";
}

std::string CheckpointTimeline::nameAndHost(Place place, const CheckpointedTasks& tasks) const {
  const std::string host = tasks.hostOf(task(place));
  return name(place) + (host.empty() ? "" : " on " + host);
}

/// Channels are numbered by edge, then by producer.
bool CheckpointTimeline::producerOf(Place place, std::uint32_t channel, Place& producer) const {
  std::uint32_t first = 1;
  for (const graph::JobEdge* edge : inputs_[place.vertex]) {
    const auto range = graph::producersOf(edge->partitioning,
                                          place.subtask,
                                          graph_.vertices[edge->source_vertex].parallelism,
                                          graph_.vertices[place.vertex].parallelism);
    if (channel >= first && channel - first < range.count()) {
      producer = {edge->source_vertex, range.first + channel - first};
      return true;
    }
    first += range.count();
  }
  return false;
}

CheckpointTimeline::Waiting CheckpointTimeline::waitsFor(Place place) const {
  Waiting waiting;
  for (const graph::JobEdge* edge : inputs_[place.vertex]) {
    if (here_[edge->source_vertex] == parts_[edge->source_vertex].size()) {
      continue;
    }
    const auto range = graph::producersOf(edge->partitioning,
                                          place.subtask,
                                          graph_.vertices[edge->source_vertex].parallelism,
                                          graph_.vertices[place.vertex].parallelism);
    for (std::uint32_t subtask = range.first; subtask <= range.last; ++subtask) {
      const Place producer{edge->source_vertex, subtask};
      if (!at(producer).here && ++waiting.count == 1) {
        waiting.first = producer;
      }
    }
  }
  return waiting;
}

std::string CheckpointTimeline::heldUpBehind(Place place, const CheckpointedTasks& tasks) const {
  for (const graph::JobEdge& edge : graph_.edges) {
    if (edge.source_vertex != place.vertex) {
      continue;
    }
    const auto range = graph::consumersOf(edge.partitioning,
                                          place.subtask,
                                          graph_.vertices[place.vertex].parallelism,
                                          graph_.vertices[edge.target_vertex].parallelism);
    for (std::uint32_t subtask = range.first; subtask <= range.last; ++subtask) {
      const Place consumer{edge.target_vertex, subtask};
      if (const std::string held = tasks.heldUp(task(consumer), kNow); !held.empty()) {
        return name(consumer) + ", which " + held;
      }
    }
  }
  return {};
}

std::string CheckpointTimeline::whyMissing(Place place, const CheckpointedTasks& tasks) const {
  if (std::string held = tasks.heldUp(task(place), kNow); !held.empty()) {
    return held;
  }
  if (isSource(place.vertex)) {
    const std::string behind = heldUpBehind(place, tasks);
    return behind.empty()
               ? "was told to begin, and is busy or stores its state"
               : "was told to begin, and is busy, stores its state or waits for " + behind;
  }
  const Waiting waiting = waitsFor(place);
  if (waiting.count == 0) {
    return "has records to work through before its barriers, or stores its state";
  }
  return "waits for the barrier of " + name(waiting.first) +
         (waiting.count == 1 ? "" : " and " + std::to_string(waiting.count - 1) + " more");
}

runtime::SubtaskTimeline CheckpointTimeline::row(Place place,
                                                 const CheckpointedTasks& tasks) const {
  const Part& part = at(place);
  runtime::SubtaskTimeline row{.subtask = place.subtask,
                               .host = tasks.hostOf(task(place)),
                               .phases = part.phases,
                               .acknowledged = part.acknowledged,
                               .bytes = part.bytes,
                               .behind = {},
                               .missing = part.here ? std::string() : whyMissing(place, tasks),
                               .unaligned = part.unaligned,
                               .in_flight_bytes = part.in_flight_bytes};
  if (Place producer; part.here && producerOf(place, part.last_channel, producer)) {
    row.behind = name(producer);
  }
  return row;
}

// ------------------------------------------------------------------------------------ all of them

/// Missing ones, then the slowest; in order of their numbers.
std::vector<std::uint32_t> CheckpointTimeline::chosen(std::uint32_t vertex,
                                                      std::size_t most) const {
  const std::vector<Part>& parts = parts_[vertex];
  std::vector<std::uint32_t> subtasks(parts.size());
  std::iota(subtasks.begin(), subtasks.end(), 0U);
  if (subtasks.size() > most) {
    const auto end = subtasks.begin() + static_cast<std::ptrdiff_t>(most);
    std::partial_sort(subtasks.begin(), end, subtasks.end(), [&](auto left, auto right) {
      const Part& one = parts[left];
      const Part& other = parts[right];
      return one.here != other.here ? !one.here : one.acknowledged > other.acknowledged;
    });
    subtasks.erase(end, subtasks.end());
    std::sort(subtasks.begin(), subtasks.end());
  }
  return subtasks;
}

std::vector<runtime::VertexTimeline> CheckpointTimeline::vertices(
    std::size_t most, const CheckpointedTasks& tasks) const {
  std::size_t total = 0;
  for (const std::vector<Part>& parts : parts_) {
    total += parts.size();
  }
  const std::size_t share =
      total <= most ? total
                    : std::max<std::size_t>(1, most / std::max<std::size_t>(1, parts_.size()));
  std::vector<runtime::VertexTimeline> vertices;
  for (std::uint32_t v = 0; v < parts_.size(); ++v) {
    runtime::VertexTimeline vertex;
    vertex.id = graph_.vertices[v].id;
    vertex.name = graph_.vertices[v].name;
    vertex.parallelism = graph_.vertices[v].parallelism;
    for (const Part& part : parts_[v]) {
      vertex.acknowledged += part.here ? 1 : 0;
      vertex.bytes += part.bytes;
      vertex.last = std::max(vertex.last, part.acknowledged);
      raise(vertex.longest, part.phases);
    }
    for (const std::uint32_t subtask : chosen(v, share)) {
      vertex.subtasks.push_back(row({v, subtask}, tasks));
    }
    vertices.push_back(std::move(vertex));
  }
  return vertices;
}

std::string CheckpointTimeline::missing(const CheckpointedTasks& tasks) const {
  std::string named;
  std::size_t count = 0;
  for (std::uint32_t v = 0; v < parts_.size(); ++v) {
    const bool source = isSource(v);
    for (std::uint32_t subtask = 0; subtask < parts_[v].size(); ++subtask) {
      const Place place{v, subtask};
      if (at(place).here || (!source && waitsFor(place).count > 0)) {
        continue;
      }
      if (++count <= kMostMissingNamed) {
        named += (named.empty() ? "" : "; ") + nameAndHost(place, tasks) + " " +
                 whyMissing(place, tasks);
      }
    }
  }
  return count <= kMostMissingNamed
             ? named
             : named + "; and " + std::to_string(count - kMostMissingNamed) + " more";
}

CheckpointTimeline::Longest CheckpointTimeline::longest(const CheckpointedTasks& tasks) const {
  Place place;
  for (std::uint32_t v = 0; v < parts_.size(); ++v) {
    for (std::uint32_t subtask = 0; subtask < parts_[v].size(); ++subtask) {
      const Place one{v, subtask};
      if (at(one).here && (!at(place).here || at(one).acknowledged > at(place).acknowledged)) {
        place = one;
      }
    }
  }
  Longest longest;
  if (parts_.empty() || !at(place).here) {
    return longest;
  }
  const auto consider = [&](Place where, std::uint32_t millis, const std::string& what) {
    if (millis > longest.millis) {
      longest = {nameAndHost(where, tasks) + ": " + shortDuration(millis) + " " + what, millis};
    }
  };
  const auto heldUp = [&](Place where) {
    const std::string held = tasks.heldUp(task(where), trigger_millis_);
    return held.empty() ? held : "; it " + held;
  };
  const runtime::CheckpointPhases& last = at(place).phases;
  consider(place, last.write, "to write its state");
  consider(place, last.queue, "until it was its turn to write its state");
  consider(place, last.freeze, "to freeze its state");
  for (std::size_t step = 0; step <= parts_.size(); ++step) {
    const Part& part = at(place);
    consider(place, part.phases.flush, "to send on what came before the barrier");
    Place producer;
    if (!producerOf(place, part.last_channel, producer) || !at(producer).here) {
      consider(place, part.phases.start_delay, "until it began" + heldUp(place));
      consider(place, part.phases.alignment, "alignment");
      break;
    }
    const std::uint32_t sent = at(producer).barrierAt() + at(producer).phases.flush;
    const std::uint32_t way = part.barrierAt() > sent ? part.barrierAt() - sent : 0;
    consider(place,
             way,
             (part.phases.alignment > part.phases.start_delay
                  ? "alignment behind "
                  : "behind records that came before the barrier of ") +
                 name(producer) + heldUp(place));
    place = producer;
  }
  return longest;
}

}  // namespace weir::jobmanager
