#include "jobmanager/scheduler/job_parts.h"

#include <string>
#include <utility>

#include "common/base/text.h"
#include "common/telemetry/log.h"

namespace weir::jobmanager {

namespace {

/// What requests wait for beyond adoption and slots: pauses, and state that is read back.
constexpr Duration kRestoreWait = std::chrono::seconds(30);

}  // namespace

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
      take_up(id, services.common.strand),
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
             {services.store, states, events, coordinator, restore, savepoints, listener, take_up},
             options.has_processed != nullptr,
             submitted_millis > 0 ? submitted_millis : states.now()) {}

std::string JobParts::label() const { return "job " + id.hex() + " ('" + graph().name + "')"; }

AttemptJob JobParts::attempts(const JobServices& services, const JobOptions& options) {
  return {services,
          options,
          program,
          states,
          coordinator,
          restore,
          probe,
          take_up,
          taken_up,
          stop.complete()};
}

std::optional<std::string> JobParts::pause(const runtime::ExecutionId& failed,
                                           const std::string& failure,
                                           const std::function<void()>& again) {
  std::optional<std::string> pause = restarts.pause(failed, failure, again);
  if (const auto once_more = pause ? std::nullopt : stop.takeRestart()) {
    pause = restarts.pauseFor(*once_more, failed, failure, again);
  }
  return pause;
}

runtime::JobSummary JobParts::summary(const std::string& failure, std::string waiting) const {
  constexpr std::size_t kMostListedBytes = 1000;  // Of a failure, in a list of jobs.
  return {.id = id,
          .name = graph().name,
          .state = states.job(),
          .start_millis = ending.startMillis(),
          .end_millis = ending.endMillis(),
          .restarts = restarts.count(),
          .failure = cutText(failure, kMostListedBytes),
          .waiting = std::move(waiting),
          .parallelism = program.default_parallelism};
}

std::string JobParts::readsFor() const {
  if (!restore.away().empty()) {
    return "for " + std::string(reading() ? "its latest checkpoint" : "its savepoint") +
           ", which cannot be read for now (" + restore.away() +
           ") and is tried again and again: bring that storage back, or cancel the job";
  }
  return "for " + (reading() ? "its checkpoints" : "savepoint " + restore.path()) + " to be read";
}

std::optional<std::string> JobParts::waitsFor() const {
  if (runtime::isTerminal(states.job())) {
    return "";
  }
  if (states.job() == runtime::JobState::kRestarting) {
    return "to restart in " + restarts.left();
  }
  return adoption.undecided() ? std::optional(adoption.waitsFor()) : std::nullopt;
}

void JobParts::begin(bool again, const JobOptions& options) {
  taken_up = again;
  if (again) {
    take_up.close(options.adoption_wait + options.slot_wait + kRestoreWait);
  }
  const graph::CheckpointSettings& checkpoints = graph().checkpoints;
  log::info(taken_up ? "job is taken up again" : "job accepted",
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
