#include "taskmanager/daemon/supervision/preparation.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <utility>

#include <unistd.h>

#include "common/base/executable.h"
#include "common/base/overloaded.h"
#include "common/fs/uri.h"

namespace weir::taskmanager {

namespace {

ExecutableHeader headerOf(const std::string& path) {
  std::array<char, ExecutableHeader::kBytes> bytes{};
  std::ifstream file(path, std::ios::binary);
  file.read(bytes.data(), bytes.size());
  return ExecutableHeader::of({bytes.data(), static_cast<std::size_t>(file.gcount())});
}

Status checkName(const std::string& name) {
  if (name.empty() || name == "." || name == ".." || name.find('/') != std::string::npos) {
    return Error(ErrorCode::kInvalidArgument, "\"" + name + "\" is not a name for a file");
  }
  return ok();
}

/// Of this machine's disk: a file that is missing here says nothing about the job manager.
Error diskError(int error, const std::string& what) {
  return {ErrorCode::kIo, systemError(error, what).message()};
}

Status makeDirectory(const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  return error ? Status(diskError(error.value(), "create directory " + path)) : ok();
}

Status copyFile(const std::string& from, const std::string& to) {
  std::error_code error;
  std::filesystem::copy_file(from, to, error);
  return error ? Status(diskError(error.value(), "copy to " + to)) : ok();
}

// A link keeps the file for the worker when the cache drops it.
Status linkFile(const std::string& from, const std::string& to) {
  return ::link(from.c_str(), to.c_str()) == 0 ? ok() : copyFile(from, to);
}

Result<std::string> place(BlobCache& cache,
                          const JobId& job,
                          const runtime::ProgramFile& file,
                          const std::string& directory,
                          Status (*put)(const std::string&, const std::string&)) {
  WEIR_RETURN_IF_ERROR(checkName(file.name));
  WEIR_TRY(const std::string cached, cache.get(file.blob, job).during("fetch " + file.name));
  std::string path = directory + "/" + file.name;
  if (::access(path.c_str(), F_OK) == 0) {
    return Error(ErrorCode::kInvalidArgument,
                 "two files of the job are named \"" + file.name + "\"")
        .advise("rename one of them");
  }
  WEIR_RETURN_IF_ERROR(put(cached, path));
  return path;
}

/// Where the state lies that the worker reads.
std::vector<runtime::SectionHandle*> stateOf(Work& work) {
  std::vector<runtime::SectionHandle*> state;
  std::visit(Overloaded{[&](runtime::Deployment& deployment) {
                          for (auto& list : deployment.restores.lists) {
                            for (runtime::RestoreSection& section : list) {
                              state.push_back(&section.handle);
                            }
                          }
                        },
                        [&](runtime::DiscardHandles& discards) {
                          for (runtime::DiscardHandles::Handle& one : discards.handles) {
                            state.push_back(&one.state);
                          }
                        }},
             work);
  return state;
}

Status fetchState(BlobTransport& transport,
                  const std::string& directory,
                  const std::vector<runtime::SectionHandle*>& state) {
  std::map<std::string, std::vector<runtime::SectionHandle*>> blobs;  // By key of the blob store.
  for (runtime::SectionHandle* handle : state) {
    if (handle->storage == runtime::SectionHandle::Storage::kBlob) {
      blobs[handle->location].push_back(handle);
    }
  }
  std::size_t fetched = 0;
  for (const auto& [key, handles] : blobs) {
    std::uint64_t size = 0;
    for (const runtime::SectionHandle* handle : handles) {
      size = std::max(size, handle->offset + handle->size);
    }
    const std::string path = directory + "/" + std::to_string(fetched++);
    WEIR_RETURN_IF_ERROR(fetchToFile(transport, key, size, "", path, 0600));
    for (runtime::SectionHandle* handle : handles) {
      handle->storage = runtime::SectionHandle::Storage::kFile;
      handle->location = fs::toFileUri(path);
    }
  }
  return ok();
}

}  // namespace

bool isForGood(const Error& error) {
  return error.code() == ErrorCode::kInvalidArgument || error.code() == ErrorCode::kNotFound ||
         error.code() == ErrorCode::kCorruption;
}

Status checkExecutable(const std::string& path, const std::string& name) {
  const ExecutableHeader header = headerOf(path);
  if (header.kind == ExecutableHeader::Kind::kScript) {
    return ok();
  }
  if (header.kind == ExecutableHeader::Kind::kNone) {
    return Error(ErrorCode::kInvalidArgument, name + " is not a program that Linux can execute");
  }
  const ExecutableHeader own = headerOf("/proc/self/exe");
  if (own.kind == ExecutableHeader::Kind::kElf && own.machine != header.machine) {
    return Error(
        ErrorCode::kInvalidArgument,
        name + " is built for " + header.machineName() + ", this machine is " + own.machineName());
  }
  return ok();
}

Result<LaunchSpec> prepareAttempt(const std::string& root,
                                  BlobCache& cache,
                                  BlobTransport& transport,
                                  Work& work) {
  LaunchSpec spec;
  const JobId job = std::visit([](const auto& one) { return one.execution.job; }, work);
  const runtime::Program& program =
      std::visit([](const auto& one) -> const runtime::Program& { return one.program; }, work);
  spec.name = program.executable.name;
  spec.arguments = program.arguments;
  spec.working_directory = root + "/work";
  spec.directory = root;
  for (const char* name : {"program", "lib", "work", "state"}) {
    WEIR_RETURN_IF_ERROR(makeDirectory(root + "/" + name));
  }
  WEIR_TRY(spec.program, place(cache, job, program.executable, root + "/program", linkFile));
  WEIR_RETURN_IF_ERROR(checkExecutable(spec.program, spec.name));
  for (const runtime::ProgramFile& library : program.libraries) {
    WEIR_TRY(std::string ignored, place(cache, job, library, root + "/lib", linkFile));
    spec.libraries = root + "/lib";
  }
  for (const runtime::ProgramFile& shipped : program.shipped) {
    // A copy: what the user's program does to it must not reach the cache.
    WEIR_TRY(std::string ignored, place(cache, job, shipped, spec.working_directory, copyFile));
  }
  WEIR_RETURN_IF_ERROR(
      fetchState(transport, root + "/state", stateOf(work)).during("fetch state to restore"));
  return spec;
}

}  // namespace weir::taskmanager
