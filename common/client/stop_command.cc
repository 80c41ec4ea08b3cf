#include "common/client/command_table.h"
#include "common/client/savepoint_command.h"

namespace weir::client {
namespace {

int stopGiven(const Invocation& invocation, const Given& given) {
  const std::string& word = given.words.front();
  const auto job = parseJobId(word);
  if (!job) {
    return invocation.console.failure("stop " + word, job.error());
  }
  StopOptions options{.job = *job, .directory = given.value("--savepointPath")};
  options.detached = given.has("--detached");
  if (given.has("--drain")) {
    options.mode = runtime::StopMode::kDrain;
  }
  return takeSavepointAndStop(invocation, options);
}

}  // namespace

Command stopCommand() {
  return {.name = "stop",
          .meaning = "Stops a job with a savepoint, and commits all",
          .usage = {"[OPTIONS] JOB"},
          .help =
              "The sources stop, nothing is processed after the savepoint, and all results\n"
              "are committed before the job is FINISHED. If the savepoint fails, it goes on.\n"
              "With --drain, inputs end as those of a bounded job do: what waits for their\n"
              "end is emitted, and a job that starts from the savepoint has no input left.\n"
              "Examples:\n"
              "  weir stop 6b0e5c3a6a7d4f1c9b1f0a3b5c7d9e1f\n"
              "  weir stop --drain -p /savepoints 6b0e5c3a6a7d4f1c9b1f0a3b5c7d9e1f",
          .options = {{"--drain", "Ends the inputs for good: the job is not to be continued"},
                      {"-p,--savepointPath", "Puts the savepoint into this directory", "DIR"},
                      {"-d,--detached", "Returns once the savepoint is complete"}},
          .needs = {"the JOB to stop"},
          .most_words = 1,
          .run = stopGiven};
}

}  // namespace weir::client
