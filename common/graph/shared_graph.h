#pragma once

#include <memory>
#include <utility>

#include "common/graph/job_graph.h"

namespace weir::graph {

/// The graph of a job once it is whole: nobody changes it any more, and requests, deployments,
/// views and the job itself hold the same one. A copy of this copies no operator, schema or
/// payload.
///
/// Never without a graph: one that was moved from still has it. Threads: any.
class SharedGraph {
 public:
  SharedGraph() : graph_(none()) {}
  SharedGraph(JobGraph graph)  // NOLINT(google-explicit-constructor): a graph that is whole.
      : graph_(std::make_shared<const JobGraph>(std::move(graph))) {}
  SharedGraph(const SharedGraph&) = default;
  SharedGraph& operator=(const SharedGraph&) = default;
  ~SharedGraph() = default;

  const JobGraph& operator*() const { return *graph_; }
  const JobGraph* operator->() const { return graph_.get(); }
  /// `call(graph)` on a copy, which this holds from then on; the others keep what they had.
  template <typename Call>
  void change(Call call) {
    JobGraph changed = copyOf(*graph_);
    call(changed);
    *this = std::move(changed);
  }
  operator const JobGraph&() const { return *graph_; }  // NOLINT(google-explicit-constructor)

 private:
  static const std::shared_ptr<const JobGraph>& none() {
    static const auto empty = std::make_shared<const JobGraph>();
    return empty;
  }

  std::shared_ptr<const JobGraph> graph_;  // Shared by all copies.
};

}  // namespace weir::graph
