#pragma once

#include <string>
#include <utility>
#include <vector>

#include "common/base/result.h"
#include "common/client/commands.h"
#include "common/client/program.h"
#include "common/runtime/deployment.h"

namespace weir::client {

/// Files to upload, by content.
using Uploads = std::vector<std::pair<runtime::BlobKey, std::string>>;

/// A user's program with the graph that it built, as the job manager takes it once its files are
/// uploaded.
struct PreparedProgram {
  runtime::JobProgram program;
  Uploads uploads;
};

/// How the program of `options` is started here.
ProgramCall programCall(const Invocation& invocation, const RunOptions& options, bool quiet_output);

/// Checks the program, collects its files, and runs it until it has built its graph. Errors: those
/// of checkProgram(), librariesToShip(), obtainJobGraph(), and of files to ship.
Result<PreparedProgram> prepareProgram(const Invocation& invocation, const RunOptions& options);

}  // namespace weir::client
