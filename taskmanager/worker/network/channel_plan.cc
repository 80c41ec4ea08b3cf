#include "taskmanager/worker/network/channel_plan.h"

namespace weir::worker {

std::vector<GateSection> planGate(const graph::JobGraph& graph,
                                  std::uint32_t vertex,
                                  std::uint32_t subtask) {
  std::vector<GateSection> sections;
  std::uint32_t next = 0;
  for (std::uint32_t index = 0; index < graph.edges.size(); ++index) {
    const graph::JobEdge& edge = graph.edges[index];
    if (edge.target_vertex != vertex) {
      continue;
    }
    const auto producers = graph::producersOf(edge.partitioning,
                                              subtask,
                                              graph.vertices[edge.source_vertex].parallelism,
                                              graph.vertices[vertex].parallelism);
    sections.push_back(GateSection{index, edge.port, next, producers.count()});
    next += producers.count();
  }
  return sections;
}

namespace {

/// The gate channel at which `edge` begins, for every subtask of its target vertex.
std::vector<std::uint32_t> firstChannels(const graph::JobGraph& graph, std::uint32_t edge) {
  const std::uint32_t vertex = graph.edges[edge].target_vertex;
  std::vector<std::uint32_t> first;
  for (std::uint32_t subtask = 0; subtask < graph.vertices[vertex].parallelism; ++subtask) {
    for (const GateSection& section : planGate(graph, vertex, subtask)) {
      if (section.edge == edge) {
        first.push_back(section.first);
      }
    }
  }
  return first;
}

}  // namespace

std::vector<PlannedChannel> planChannels(const graph::JobGraph& graph,
                                         const std::vector<std::vector<std::uint32_t>>& placement,
                                         std::uint32_t self) {
  std::vector<PlannedChannel> channels;
  for (std::uint32_t index = 0; index < graph.edges.size(); ++index) {
    const graph::JobEdge& edge = graph.edges[index];
    const std::uint32_t producers = graph.vertices[edge.source_vertex].parallelism;
    const std::uint32_t consumers = graph.vertices[edge.target_vertex].parallelism;
    const std::vector<std::uint32_t> first = firstChannels(graph, index);
    for (std::uint32_t producer = 0; producer < producers; ++producer) {
      const auto range = graph::consumersOf(edge.partitioning, producer, producers, consumers);
      for (std::uint32_t consumer = range.first; consumer <= range.last; ++consumer) {
        PlannedChannel channel;
        channel.edge = index;
        channel.producer = producer;
        channel.consumer = consumer;
        channel.producer_worker = placement[edge.source_vertex][producer];
        channel.consumer_worker = placement[edge.target_vertex][consumer];
        if (channel.producer_worker != self && channel.consumer_worker != self) {
          continue;
        }
        const auto back = graph::producersOf(edge.partitioning, consumer, producers, consumers);
        channel.gate_channel = first[consumer] + producer - back.first;
        channels.push_back(channel);
      }
    }
  }
  return channels;
}

}  // namespace weir::worker
