#include <filesystem>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "common/base/random.h"
#include "common/client/commands.h"
#include "common/client/job_events.h"
#include "common/client/program.h"
#include "common/config/options.h"
#include "common/fs/digest.h"
#include "common/fs/local_file_system.h"
#include "common/fs/uri.h"
#include "common/graph/plan.h"

namespace weir::client {
namespace {

using Uploads = std::vector<std::pair<runtime::BlobKey, std::string>>;

ProgramCall callOf(const Invocation& invocation, const RunOptions& options, bool quiet_output) {
  const config::Configuration& configuration = invocation.configuration;
  ProgramCall call;
  call.path = options.program;
  call.arguments = options.arguments;
  call.parallelism =
      options.parallelism != 0
          ? options.parallelism
          : static_cast<std::uint32_t>(configuration.get(config::kParallelismDefault));
  call.configuration = invocation.overrides.toMap();
  call.timeout = configuration.get(config::kProgramTimeout);
  call.quiet_output = quiet_output;
  return call;
}

Result<runtime::ProgramFile> blobOf(const std::string& name,
                                    const std::string& path,
                                    Uploads& uploads) {
  fs::LocalFileSystem files;
  const std::string absolute = fs::absolutePath(path);
  WEIR_TRY(const fs::FileInfo info, files.stat(absolute));
  if (info.directory) {
    return Error(ErrorCode::kInvalidArgument, path + ": is a directory, not a file");
  }
  WEIR_TRY(std::string digest, fs::sha256OfFile(files, absolute));
  runtime::ProgramFile file{name, {std::move(digest), info.size}};
  uploads.emplace_back(file.blob, absolute);
  return file;
}

Result<runtime::Program> describeProgram(const ProgramCall& call,
                                         const RunOptions& options,
                                         Uploads& uploads) {
  runtime::Program program;
  WEIR_TRY(program.executable, blobOf(fs::nameOf(call.path), call.path, uploads));
  WEIR_TRY(const std::vector<Library> libraries, librariesToShip(call.path));
  for (const Library& library : libraries) {
    WEIR_TRY(auto file, blobOf(library.name, library.path, uploads));
    program.libraries.push_back(std::move(file));
  }
  for (const std::string& path : options.ship) {
    auto file = blobOf(fs::nameOf(path), path, uploads);
    if (!file) {
      return std::move(file).error().during("--ship");
    }
    program.shipped.push_back(*std::move(file));
  }
  program.arguments = call.arguments;
  program.default_parallelism = call.parallelism;
  program.configuration = call.configuration;
  return program;
}

Result<std::optional<runtime::RestoreRequest>> restoreOf(const RunOptions& options) {
  if (options.savepoint.empty()) {
    return std::optional<runtime::RestoreRequest>();
  }
  runtime::RestoreRequest restore;
  restore.path = savepointPath(options.savepoint);
  restore.allow_non_restored = options.allow_non_restored;
  restore.drop = options.drop;
  for (const std::string& pair : options.map) {
    const std::size_t equals = pair.find('=');
    if (equals == std::string::npos || equals == 0 || equals + 1 == pair.size()) {
      return Error(ErrorCode::kInvalidArgument, "--map takes OLD=NEW, not '" + pair + "'");
    }
    restore.renamed.emplace(pair.substr(0, equals), pair.substr(equals + 1));
  }
  return std::optional(std::move(restore));
}

std::string interruptionDocument(const JobId& job, const std::string& name) {
  const nlohmann::json document = {{"jobid", job.hex()}, {"name", name}, {"interrupted", true}};
  return document.dump(2, ' ', false, nlohmann::json::error_handler_t::replace);
}

void printRestore(Console& console, const runtime::RestoreReport& report) {
  for (const auto& [title, lines] : {std::pair("Restored:", &report.matched),
                                     std::pair("Starts empty:", &report.empty),
                                     std::pair("Dropped:", &report.dropped)}) {
    if (!lines->empty()) {
      console.note(title);
      for (const std::string& line : *lines) {
        console.note("  " + line);
      }
    }
  }
}

int followToEnd(const Invocation& invocation,
                JobManagerClient& client,
                const JobId& job,
                const std::string& name) {
  Console& console = invocation.console;
  std::optional<runtime::JobResult> result;
  const Status followed = client.follow(
      job,
      [&](const runtime::JobEvent& event) {
        if (const auto* end = std::get_if<runtime::JobResult>(&event)) {
          result = *end;
          return false;
        }
        console.note(describeEvent(event));
        return true;
      },
      interrupted);
  const std::string what = fmt::format("job '{}' ({})", name, job.hex());
  if (!result) {
    if (interrupted.load()) {
      return console.failure(what,
                             Error(ErrorCode::kCancelled, "interrupted, and the job goes on")
                                 .advise("'weir cancel " + job.hex() + "' ends it"),
                             interruptionDocument(job, name));
    }
    return console.failure(
        what,
        followed ? Error(ErrorCode::kUnavailable, "the connection has ended") : followed.error());
  }
  const std::string document = resultDocument(job, name, *result);
  if (result->state != runtime::JobState::kFinished) {
    return console.failure(what, Error(ErrorCode::kUserCode, describeEnd(*result)), document);
  }
  console.document(document);
  console.result(fmt::format("Job with JobID {} has finished.", job.hex()));
  console.result(fmt::format("Job Runtime: {} ms", result->runtime_millis));
  printAccumulators(console, result->accumulators);
  return kDone;
}

}  // namespace

int runProgram(const Invocation& invocation, const RunOptions& options) {
  Console& console = invocation.console;
  const std::string what = "run " + options.program;
  auto restore = restoreOf(options);
  if (!restore) {
    console.failure(what, restore.error());
    return kUsage;
  }
  if (const Status fit = checkProgram(options.program); !fit) {
    return console.failure(what, fit.error());
  }
  const ProgramCall call = callOf(invocation, options, console.json());
  Uploads uploads;
  // Libraries first: a missing one is named by the loader, and the program would not start anyway.
  auto program = describeProgram(call, options, uploads);
  if (!program) {
    return console.failure(what, program.error());
  }
  auto graph = obtainJobGraph(call, interrupted);
  if (!graph) {
    return console.failure(what, graph.error());
  }
  auto client = connect(invocation);
  if (!client) {
    return console.failure(what, client.error());
  }
  if (const Status uploaded = (*client)->upload(uploads); !uploaded) {
    return console.failure(what, uploaded.error());
  }
  SystemRandom random;
  runtime::SubmitRequest request{
      JobId::random(random), *std::move(graph), *std::move(program), *std::move(restore)};
  auto reply = (*client)->submit(request);
  if (!reply) {
    return console.failure(what, reply.error());
  }
  printRestore(console, reply->restore);
  console.result("Job has been submitted with JobID " + request.job.hex());
  if (options.detached) {
    console.document(submissionDocument(request.job, request.graph.name, reply->restore));
    return kDone;
  }
  return followToEnd(invocation, **client, request.job, request.graph.name);
}

int showPlan(const Invocation& invocation, const RunOptions& options) {
  Console& console = invocation.console;
  const std::string what = "info " + options.program;
  if (const Status fit = checkProgram(options.program); !fit) {
    return console.failure(what, fit.error());
  }
  if (const auto libraries = librariesToShip(options.program); !libraries) {
    return console.failure(what, libraries.error());
  }
  const auto graph = obtainJobGraph(callOf(invocation, options, true), interrupted);
  if (!graph) {
    return console.failure(what, graph.error());
  }
  for (const std::string& warning : graph::planWarnings(*graph)) {
    console.note("warning: " + warning);
  }
  const std::string plan = graph::planJson(*graph);
  console.result(plan);
  console.document(plan);
  return kDone;
}

}  // namespace weir::client
