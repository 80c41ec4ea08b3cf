#include "common/client/prepared_program.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "common/base/random.h"
#include "common/base/utf8.h"
#include "common/config/options.h"
#include "common/config/value.h"
#include "common/fs/digest.h"
#include "common/fs/file_systems.h"
#include "common/fs/uri.h"

namespace weir::client {
namespace {

/// What the user calls `path`.
Result<fs::FileInfo> regularFile(fs::FileSystems& files,
                                 const std::string& path,
                                 const std::string& absolute) {
  WEIR_TRY(const fs::FileInfo info, files.stat(absolute));
  if (info.directory) {
    return Error(ErrorCode::kInvalidArgument, escaped(path) + ": is a directory, not a file");
  }
  return info;
}

Result<runtime::ProgramFile> blobOf(const std::string& name,
                                    const std::string& path,
                                    Uploads& uploads) {
  fs::FileSystems files;
  const std::string absolute = fs::absolutePath(path);
  WEIR_TRY(const fs::FileInfo info, regularFile(files, path, absolute));
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
  WEIR_TRY(const std::vector<ShippedFile> files, shippedFiles(options.ship));
  for (const ShippedFile& file : files) {
    auto blob = blobOf(file.name, file.path, uploads);
    if (!blob) {
      return std::move(blob).error().during("--ship");
    }
    program.shipped.push_back(*std::move(blob));
  }
  program.arguments = call.arguments;
  program.default_parallelism = call.parallelism;
  program.configuration = call.configuration;
  return program;
}

}  // namespace

Result<std::vector<ShippedFile>> shippedFiles(const std::vector<std::string>& paths) {
  fs::FileSystems files;
  std::vector<ShippedFile> shipped;
  for (const std::string& path : paths) {
    const std::string name = fs::nameOf(path);
    if (const auto same = std::ranges::find(shipped, name, &ShippedFile::name);
        same != shipped.end()) {
      return Error(ErrorCode::kInvalidArgument,
                   "--ship: " + escaped(paths[static_cast<std::size_t>(same - shipped.begin())]) +
                       " and " + escaped(path) +
                       " have one name, and all shipped files lie in one directory on a worker")
          .advise("rename one of them");
    }
    const std::string absolute = fs::absolutePath(path);
    if (const auto info = regularFile(files, path, absolute); !info) {
      return Error(info.error()).during("--ship");
    }
    shipped.push_back({name, absolute});
  }
  return shipped;
}

ProgramCall programCall(const Invocation& invocation,
                        const RunOptions& options,
                        bool quiet_output) {
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
  // Workers keep to it too, and read no file of ours.
  call.configuration.emplace(config::kProgramTimeout.key, config::formatDuration(call.timeout));
  call.quiet_output = quiet_output;
  return call;
}

Result<PreparedProgram> prepareProgram(const Invocation& invocation, const RunOptions& options) {
  WEIR_RETURN_IF_ERROR(checkProgram(options.program));
  const ProgramCall call = programCall(invocation, options, invocation.console.json());
  PreparedProgram prepared;
  // Libraries first: a missing one is named by the loader, and the program would not start anyway.
  WEIR_TRY(prepared.program.program, describeProgram(call, options, prepared.uploads));
  WEIR_TRY(prepared.program.graph, obtainJobGraph(call, interrupted));
  return prepared;
}

Result<UploadedJob> uploadJob(const Invocation& invocation, const RunOptions& options) {
  WEIR_TRY(PreparedProgram prepared, prepareProgram(invocation, options));
  UploadedJob job;
  WEIR_TRY(job.client, connect(invocation));
  WEIR_RETURN_IF_ERROR(job.client->upload(prepared.uploads));
  SystemRandom random;
  job.request = {JobId::random(random),
                 prepared.program.graph,
                 std::move(prepared.program.program),
                 std::nullopt};
  return job;
}

Result<RunOptions> runOptions(const Given& given, std::size_t at) {
  RunOptions options;
  const auto program = given.words.begin() + static_cast<std::ptrdiff_t>(at);
  options.program = *program;
  options.arguments.assign(program + 1, given.words.end());
  if (!given.has("--parallelism")) {
    return options;
  }
  const std::string text = given.value("--parallelism");
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, options.parallelism);
  constexpr std::uint32_t kMost = 32768;
  if (error != std::errc() || stop != end || options.parallelism == 0 ||
      options.parallelism > kMost) {
    return Error(ErrorCode::kInvalidArgument,
                 "-p takes a number from 1 to 32768, not '" + text + "'");
  }
  return options;
}

}  // namespace weir::client
