#include "jobmanager/scheduler/job_parts.h"

#include <string>

#include "common/telemetry/log.h"

namespace weir::jobmanager {

JobParts::JobParts(const JobServices& services,
                   const JobOptions& options,
                   const runtime::SubmitRequest& request,
                   JobListener& listener,
                   std::int64_t submitted_millis)
    : id(request.job),
      program(request.program),
      events(id, options.event_bytes, listener),
      states(request.graph, services.common.clock, events),
      tasks(id,
            {services.store, states, events, coordinator, probe},
            [this] { savepoints.checkpointCompleted(); }),
      outline(std::make_shared<const JobOutline>(JobOutline::of(graph()))),
      restarts({graph().restart, options.restart, graph().checkpoints.enabled},
               services.common.strand,
               services.common.clock,
               services.random),
      coordinator(services.common, graph(), checkpointSetup(options, request), tasks),
      savepoints(id, states, services.savepoints, coordinator),
      stop(id, savepoints, coordinator),
      probe(services.common, services.random, services.resources, options.machine),
      take_over(
          id,
          label(),
          {graph(), coordinator.directory(), options.retained_checkpoints},
          services.savepoints,
          savepoints,
          tasks,
          [&listener](const ha::SavepointAnswer& answer) { listener.savepointEnded(answer); }),
      adoption(id,
               {graph(), services.resources, services.common.strand, services.common.clock},
               options.storage.directory),
      restore(id,
              services.common,
              options.storage.directory,
              options.metadata_limit,
              request.restore,
              graph(),
              services.savepoints,
              savepoints,
              coordinator),
      ending(id,
             {services.store, states, events, coordinator, restore, savepoints, listener},
             options.has_processed != nullptr,
             submitted_millis > 0 ? submitted_millis : states.now()) {}

std::string JobParts::label() const { return "job " + id.hex() + " ('" + graph().name + "')"; }

AttemptJob JobParts::attempts(const JobServices& services, const JobOptions& options) {
  return {services, options, program, states, coordinator, restore, probe, stop.complete()};
}

void JobParts::logStart(bool again) const {
  const graph::CheckpointSettings& checkpoints = graph().checkpoints;
  log::info(again ? "job is taken up again" : "job accepted",
            {{"job", id.hex()},
             {"name", graph().name},
             {"parallelism", program.default_parallelism},
             {"operators", graph().operators.size()},
             {"subtasks", states.graph().size()},
             {"slots", slotsNeeded(graph())},
             {"checkpoints",
              checkpoints.enabled ? std::to_string(checkpoints.interval.count()) + " ms" : "none"},
             {"restart", restarts.strategy().describe()},
             {"savepoint", restore.path().empty() ? "none" : restore.path()}});
}

}  // namespace weir::jobmanager
