#include "common/base/utf8.h"
#include "common/client/command_table.h"
#include "common/client/prepared_program.h"
#include "common/client/program.h"
#include "common/graph/plan.h"

namespace weir::client {
namespace {

int showPlan(const Invocation& invocation, const RunOptions& options) {
  Console& console = invocation.console;
  const std::string what = "info " + options.program;
  if (const Status fit = checkProgram(options.program); !fit) {
    return console.failure(what, fit.error());
  }
  if (const auto libraries = librariesToShip(options.program); !libraries) {
    return console.failure(what, libraries.error());
  }
  const auto graph = obtainJobGraph(programCall(invocation, options, true), interrupted);
  if (!graph) {
    return console.failure(what, graph.error());
  }
  for (const std::string& warning : graph::planWarnings(*graph)) {
    console.note("warning: " + escaped(warning));
  }
  const std::string plan = graph::planJson(*graph);
  console.result(plan);
  console.document(plan);
  return kDone;
}

int planGiven(const Invocation& invocation, const Given& given) {
  const auto options = runOptions(given);
  if (!options) {
    return wrongUse(invocation.console, "info", options.error().text());
  }
  return showPlan(invocation, *options);
}

}  // namespace

Command infoCommand() {
  return {.name = "info",
          .meaning = "Prints the plan of a program that is not run",
          .usage = {"[OPTIONS] PROGRAM [args...]"},
          .help = "Example:\n  weir info build/my_job | jq '.vertices[].operators[].uid'",
          .options = {{"-p,--parallelism", "Parallelism of what names none itself", "N"}},
          .needs = {"the PROGRAM to show"},
          .most_words = kAnyNumber,
          .program_at = 0,
          .run = planGiven};
}

}  // namespace weir::client
