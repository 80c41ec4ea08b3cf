#include "common/testing/savepoint_directory.h"

#include <cstdint>
#include <filesystem>
#include <utility>

#include "common/base/random.h"
#include "common/base/version.h"
#include "common/fs/location.h"
#include "common/fs/uri.h"
#include "common/snapshot/layout.h"
#include "common/snapshot/metadata_file.h"
#include "common/snapshot/savepoints.h"
#include "common/snapshot/state_matching.h"

namespace weir::testing {

namespace {

constexpr std::uint64_t kMostInline = 1024;
constexpr int kRandomDigits = 12;

}  // namespace

std::string absolutePath(const std::string& path) {
  return fs::schemeOf(path).empty() ? std::filesystem::absolute(path).string() : path;
}

Result<std::string> writeSavepoint(fs::FileSystem& files,
                                   const std::string& parent,
                                   runtime::CheckpointMetadata metadata) {
  using Storage = runtime::SectionHandle::Storage;
  WEIR_TRY(const auto location, fs::Location::parse(absolutePath(parent)));
  SystemRandom random;
  const std::string directory =
      location.child(snapshot::savepointName(random.hex(kRandomDigits))).uri();
  WEIR_RETURN_IF_ERROR(files.makeDirectories(directory));
  std::uint64_t number = 0;
  for (runtime::SavedOperator& one : metadata.operators) {
    for (runtime::SubtaskState& subtask : one.subtasks) {
      runtime::SectionHandle& handle = subtask.handle;
      if (handle.storage != Storage::kInline || handle.size <= kMostInline) {
        continue;
      }
      const std::string name = snapshot::ownStateName(++number);
      WEIR_RETURN_IF_ERROR(fs::writeAll(files, fs::join(directory, name), handle.bytes));
      handle.storage = Storage::kFile;
      handle.location = name;
      handle.bytes.clear();
    }
  }
  metadata.writer = std::string(releaseVersion());
  metadata.exported = true;
  WEIR_RETURN_IF_ERROR(snapshot::writeMetadata(files, directory, metadata));
  return directory;
}

Result<OpenedSavepoint> openSavepoint(fs::FileSystem& files,
                                      const graph::JobGraph& graph,
                                      const runtime::RestoreRequest& request) {
  WEIR_TRY(const auto opened, snapshot::openWhole(files, absolutePath(request.path)));
  WEIR_TRY(auto plan, snapshot::matchState(opened.metadata, graph, request));
  return OpenedSavepoint{
      std::move(plan.restores), opened.metadata.checkpoint, opened.metadata.trigger_millis};
}

}  // namespace weir::testing
