#include <filesystem>

#include <dlfcn.h>

#include "common/api/run.h"

namespace weir::api {

namespace {

Error notLoadable(const std::string& path) {
  const char* why = ::dlerror();
  return Error(ErrorCode::kNotFound,
               "the local cluster " + path + " does not load: " + (why == nullptr ? "?" : why))
      .advise("install Weir completely, or submit the program with `weir run`");
}

// The directory of the library (or, in a test, the program) that this code is in.
std::string ownDirectory() {
  Dl_info info{};
  if (::dladdr(reinterpret_cast<void*>(&runLocal), &info) == 0 || info.dli_fname == nullptr) {
    return ".";
  }
  return std::filesystem::path(info.dli_fname).parent_path().string();
}

Result<RunLocalFunction> findRunLocal() {
  if (void* linked = ::dlsym(RTLD_DEFAULT, kRunLocalSymbol)) {
    return reinterpret_cast<RunLocalFunction>(linked);
  }
  const std::string path = ownDirectory() + "/libweir-local.so";
  void* library = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);  // Stays for the process's life.
  if (library == nullptr) {
    return notLoadable(path);
  }
  void* found = ::dlsym(library, kRunLocalSymbol);
  if (found == nullptr) {
    return notLoadable(path);
  }
  return reinterpret_cast<RunLocalFunction>(found);
}

}  // namespace

Result<JobExecutionResult> runLocal(graph::ProgramGraph program, const LocalOptions& options) {
  WEIR_TRY(const RunLocalFunction run, findRunLocal());
  Result<JobExecutionResult> result = JobExecutionResult();
  run(&result, &program, &options);
  return result;
}

}  // namespace weir::api
