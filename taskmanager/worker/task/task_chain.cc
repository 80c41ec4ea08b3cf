#include "taskmanager/worker/task/task_chain.h"

#include <algorithm>
#include <utility>

#include "common/base/crash_point.h"
#include "taskmanager/worker/checkpoint/restored_state.h"

namespace weir::worker {

std::unique_ptr<OperatorChain> makeChain(const runtime::Deployment& deployment,
                                         const graph::ProgramCode& code,
                                         std::uint32_t vertex,
                                         std::uint32_t subtask,
                                         TaskOutputs& outputs,
                                         std::function<void()> waker,
                                         functions::ProcessingTime& time,
                                         const TaskServices& services) {
  const graph::JobGraph& graph = deployment.graph;
  ChainSetup setup;
  setup.graph = &graph;
  setup.code = &code;
  setup.vertex = vertex;
  setup.task.job = deployment.execution.job;
  setup.task.job_name = graph.name;
  setup.task.attempt = deployment.execution.attempt;
  setup.task.task_name = graph.vertices[vertex].name;
  setup.task.subtask = subtask;
  setup.task.checkpointing = graph.checkpoints.enabled;
  setup.task.lease = services.lease;
  setup.task.files = &services.files;
  setup.task.tiers = services.tiers;
  setup.task.parallelism = graph.vertices[vertex].parallelism;
  setup.waker = std::move(waker);
  setup.time = &time;
  setup.most_accumulators = services.most_accumulators;
  setup.output = [&outputs](std::uint32_t edge) -> functions::EdgeOutput& {
    return outputs.edge(edge);
  };
  return std::make_unique<OperatorChain>(setup);
}

Status restoreChain(OperatorChain& chain,
                    const runtime::Deployment& deployment,
                    std::uint32_t vertex,
                    const runtime::TaskId& task,
                    fs::FileSystem& files,
                    InFlightRestore& in_flight,
                    const snapshot::SectionOpener::OnRead& on_read) {
  const auto found =
      std::ranges::find(deployment.restores.tasks, task, &runtime::TaskRestore::task);
  if (found == deployment.restores.tasks.end()) {
    return ok();
  }
  for (const runtime::OperatorRestoreOrder& order : found->operators) {
    for (std::size_t i = 0; i < chain.size(); ++i) {
      const graph::JobOperator& what = chain.description(i);
      if (what.id != order.id) {
        continue;
      }
      WEIR_TRY(const auto opened,
               openRestore(order,
                           deployment.restores.sectionsOf(order),
                           task.subtask,
                           deployment.graph->vertices[vertex].parallelism,
                           what.max_parallelism,
                           files,
                           on_read)
                   .during("restore operator '" + what.name + "'"));
      WEIR_RETURN_IF_ERROR(chain.restore(i, opened));
      if (i == 0) {
        WEIR_RETURN_IF_ERROR(in_flight.add(opened).during("restore operator '" + what.name + "'"));
      }
      if (order.finished) {
        chain.setFinished(i);
      }
    }
  }
  crashPoint("restore.loaded");
  return ok();
}

}  // namespace weir::worker
