#include <cstdlib>
#include <filesystem>
#include <sstream>

#include <fmt/format.h>

#include "common/base/utf8.h"
#include "common/client/child_process.h"
#include "common/client/program.h"

namespace weir::client {
namespace {

bool isSystemPath(const std::string& path) {
  std::error_code ignored;
  const std::string real = std::filesystem::canonical(path, ignored).string();
  for (const std::string& one : {path, real}) {
    for (const char* root : {"/lib/", "/lib64/", "/usr/lib/", "/usr/lib64/"}) {
      if (one.starts_with(root)) {
        return true;
      }
    }
  }
  return false;
}

}  // namespace

Result<std::vector<Library>> librariesToShip(const std::string& path) {
  // The loader itself lists what it would load, without running the program (ld.so(8)).
  ChildProcess::Settings settings;
  settings.path = path;
  settings.environment = {"LD_TRACE_LOADED_OBJECTS=1"};
  WEIR_TRY(const std::string listing, captureOutput(settings, std::chrono::seconds(30)));

  std::vector<Library> libraries;
  std::string missing;
  std::istringstream lines(listing);
  for (std::string line; std::getline(lines, line);) {
    const std::size_t arrow = line.find(" => ");
    if (arrow == std::string::npos) {
      continue;  // The vDSO and the loader itself.
    }
    const std::size_t start = line.find_first_not_of(" \t");
    Library library{line.substr(start, arrow - start), line.substr(arrow + 4)};
    if (library.path.starts_with("not found")) {
      missing += "\n" + escaped(library.name);
      continue;
    }
    library.path = library.path.substr(0, library.path.rfind(" ("));
    if (!isSystemPath(library.path) || library.name.starts_with("libweir")) {
      libraries.push_back(std::move(library));
    }
  }
  if (!missing.empty()) {
    return Error(ErrorCode::kNotFound,
                 escaped(path) + ": needs shared libraries that are not found" + missing)
        .advise("install them or set LD_LIBRARY_PATH");
  }
  return libraries;
}

}  // namespace weir::client
