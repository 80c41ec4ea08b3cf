#include "jobmanager/savepoint/savepoint_handles.h"

#include <utility>

#include "common/base/crash_point.h"
#include "common/snapshot/layout.h"
#include "jobmanager/savepoint/stored_program.h"

namespace weir::jobmanager {
namespace {

Error noProgram(const std::vector<OwnedHandle>& handles, const std::string& why) {
  return Error(ErrorCode::kFailedPrecondition,
               "it holds " + std::to_string(handles.size()) +
                   (handles.size() == 1 ? " state handle" : " state handles") +
                   " that only a program can discard (operator '" + handles.front().operator_name +
                   "'), and " + why + "; nothing was deleted")
      .advise("name the program: `weir savepoint -d PATH PROGRAM`");
}

}  // namespace

void SavepointHandles::discard(const std::string& path,
                               std::vector<OwnedHandle> handles,
                               SharedProgram program,
                               Callback<std::vector<std::string>> done) {
  if (program != nullptr || snapshot::isHeapSavepoint(path)) {
    discardBy(path, std::move(program), std::move(handles), std::move(done));
    return;
  }
  work_.run(
      path,
      [&files = services_.files, &blobs = services_.blobs.store(), directory = path] {
        return readProgram(files, blobs, directory);
      },
      [this, path, handles = std::move(handles), done = std::move(done)](
          Result<runtime::JobProgram> stored) {
        if (stored) {
          discardBy(
              path, std::make_shared<const runtime::JobProgram>(*std::move(stored)), handles, done);
        } else if (stored.error().code() == ErrorCode::kNotFound) {
          discardBy(path, nullptr, handles, done);
        } else {
          done(noProgram(
              handles, "the one stored with it cannot be used (" + stored.error().message() + ")"));
        }
      });
}

void SavepointHandles::discardBy(const std::string& path,
                                 SharedProgram program,
                                 std::vector<OwnedHandle> handles,
                                 Callback<std::vector<std::string>> done) {
  if (program == nullptr) {
    done(noProgram(handles, "none is stored with it"));
    return;
  }
  services_.discarder.discard(
      {.owner = "savepoint " + path, .program = std::move(program), .handles = std::move(handles)},
      [done = std::move(done)](Result<std::vector<std::string>> discarded) {
        if (discarded) {
          crashPoint("disposal.handles");
        }
        done(std::move(discarded).during("nothing else was deleted"));
      });
}

}  // namespace weir::jobmanager
