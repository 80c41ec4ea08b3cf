#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "common/base/result.h"
#include "common/client/command.h"
#include "common/client/program.h"
#include "common/runtime/client_messages.h"
#include "common/runtime/deployment.h"

namespace weir::client {

/// How a program is run; what only `weir run` takes is empty elsewhere.
struct RunOptions {
  std::uint32_t parallelism = 0;  ///< 0: parallelism.default.
  std::string savepoint;
  bool allow_non_restored = false;
  std::vector<std::string> drop;
  std::vector<std::string> map;  ///< OLD=NEW
  bool detached = false;
  std::vector<std::string> ship;
  std::string program;
  std::vector<std::string> arguments;
};

/// PROGRAM, the word at `at`, its arguments and its parallelism; what is wrong with them is wrong
/// use.
Result<RunOptions> runOptions(const Given& given, std::size_t at = 0);

/// Files to upload, by content.
using Uploads = std::vector<std::pair<runtime::BlobKey, std::string>>;

/// A user's program with the graph that it built, as the job manager takes it once its files are
/// uploaded.
struct PreparedProgram {
  runtime::JobProgram program;
  Uploads uploads;
};

/// A file that a program finds in its working directory on workers.
struct ShippedFile {
  std::string name;
  std::string path;  ///< Here, absolute.
};

/// The files of `--ship`. Errors: one that is missing or a directory, two of one name.
Result<std::vector<ShippedFile>> shippedFiles(const std::vector<std::string>& paths);

/// How the program of `options` is started here.
ProgramCall programCall(const Invocation& invocation, const RunOptions& options, bool quiet_output);

/// Checks the program, collects its files, and runs it until it has built its graph. Errors: those
/// of checkProgram(), librariesToShip(), obtainJobGraph(), and of files to ship.
Result<PreparedProgram> prepareProgram(const Invocation& invocation, const RunOptions& options);

/// A program whose files a job manager has, as a job to be submitted to it.
struct UploadedJob {
  std::unique_ptr<JobManagerClient> client;
  runtime::SubmitRequest request;  ///< Of an id of its own, without a restore.
};

/// Prepares the program, connects, and uploads its files. Errors: those of each.
Result<UploadedJob> uploadJob(const Invocation& invocation, const RunOptions& options);

}  // namespace weir::client
