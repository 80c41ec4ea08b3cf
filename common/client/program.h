#pragma once

#include <atomic>
#include <map>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/base/result.h"
#include "common/graph/job_graph.h"

namespace weir::client {

/// What a user named as PROGRAM, with what follows it.
struct ProgramCall {
  std::string path;
  std::vector<std::string> arguments;
  std::uint32_t parallelism = 1;                     ///< -p, else parallelism.default.
  std::map<std::string, std::string> configuration;  ///< Keys that travel with the job.
  Duration timeout = std::chrono::seconds(60);       ///< client.program.timeout.
  /// The program's standard output goes to standard error: ours is a document.
  bool quiet_output = false;
};

/// A program that can be started here: an executable of this machine's architecture. Says in one
/// sentence what is wrong with a script, a directory, a binary for another machine.
Status checkProgram(const std::string& path);

/// Runs the program until it has handed over its job graph, and ends it. `interrupted` set by a
/// signal handler ends it early. Errors: no execute(), a bad exit, the time-out, a missing shared
/// library, a malformed graph.
Result<graph::JobGraph> obtainJobGraph(const ProgramCall& call,
                                       const std::atomic<bool>& interrupted);

/// A shared library that the program loads at start.
struct Library {
  std::string name;  ///< As the program asks for it.
  std::string path;  ///< As the loader of this machine resolved it.
};

/// Libraries that resolve outside /lib and /usr/lib, libweir.so among them wherever it lies.
/// kNotFound names every library that is missing.
Result<std::vector<Library>> librariesToShip(const std::string& path);

}  // namespace weir::client
