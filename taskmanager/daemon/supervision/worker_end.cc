#include "taskmanager/daemon/supervision/worker_end.h"

#include "common/base/lease.h"

namespace weir::taskmanager {

ExitCause causeOfEnd(const WorkerEnd& end,
                     const Assignment& assignment,
                     const WorkerSettings& settings,
                     const StderrTail& said) {
  const std::string kept = settings.kept_directories > 0 && !end.kept_as.empty()
                               ? "; its directory is kept as " + end.kept_as
                               : "";
  const auto with_lines = [&](const std::string& cause) {
    return withLines(cause + kept, said, settings.error_file);
  };
  if (!end.own_words.empty()) {
    return {end.own_words};
  }
  if (!end.killed_for.empty()) {
    return {with_lines(end.killed_for)};
  }
  if (end.out_of_memory) {
    return {with_lines(
        tooMuchMemory(assignment, settings, "needed more memory", " by the kernel", end.states))};
  }
  if (!end.exit.signaled && end.exit.number == Lease::kExitStatus) {
    return {assignment.workerOn(settings.host) +
            " ended itself: the job manager had not heard of its task manager for the "
            "heartbeat time-out, or it was stopped for so long itself"};
  }
  ExitCause cause =
      describeExit(assignment.execution.job, settings.host, end.exit, end.stage, said);
  cause.text = with_lines(cause.text);
  return cause;
}

std::string tooMuchMemory(const Assignment& assignment,
                          const WorkerSettings& settings,
                          const std::string& used,
                          const std::string& by,
                          const std::string& states) {
  const std::uint64_t limit = memoryLimit(assignment, settings);
  return assignment.workerOn(settings.host) + ", with what it has started, " + used + " than the " +
         std::to_string(limit >> 20) + " MiB that its " + std::to_string(assignment.slots) +
         (assignment.slots == 1 ? " slot gives" : " slots give") + ", and was killed" + by +
         states + "; raise taskmanager.slot.memory or the parallelism";
}

}  // namespace weir::taskmanager
