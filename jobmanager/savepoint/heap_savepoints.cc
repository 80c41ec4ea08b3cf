#include "jobmanager/savepoint/heap_savepoints.h"

#include <utility>

#include "common/snapshot/layout.h"
#include "common/snapshot/savepoints.h"
#include "jobmanager/blob/program_blobs.h"

namespace weir::jobmanager {

Result<std::string> HeapSavepoints::keep(const runtime::CheckpointMetadata& metadata,
                                         std::shared_ptr<const runtime::JobProgram> program) {
  HeapShare share = heapShareOf(metadata, program.get());
  WEIR_RETURN_IF_ERROR(room_.take(share));
  HeapSavepoint one{metadata, std::move(share), std::move(program), JobId::random(random_)};
  if (one.program != nullptr) {
    Status kept = blobs_.retain(one.keeper, blob::keysOf(one.program->program));
    if (!kept) {
      room_.giveBack(one.share);
      return std::move(kept).error().during("keep the program that discards its state handles");
    }
  }
  std::string path = std::string(snapshot::kHeapSavepoints) + std::to_string(++number_);
  savepoints_.emplace(path, std::move(one));
  return path;
}

const HeapSavepoint* HeapSavepoints::find(const std::string& path) const {
  const auto found = savepoints_.find(path);
  return found == savepoints_.end() ? nullptr : &found->second;
}

std::optional<HeapSavepoint> HeapSavepoints::take(const std::string& path) {
  auto taken = savepoints_.extract(path);
  return taken ? std::optional(std::move(taken.mapped())) : std::nullopt;
}

std::map<std::string, HeapSavepoint> HeapSavepoints::takeAll() {
  return std::exchange(savepoints_, {});
}

void HeapSavepoints::forget(const HeapSavepoint& taken) {
  room_.giveBack(taken.share);
  if (taken.program != nullptr) {
    blobs_.release(taken.keeper);
  }
}

std::vector<runtime::SavepointInfo> HeapSavepoints::list() const {
  std::vector<runtime::SavepointInfo> infos;
  for (const auto& [path, one] : savepoints_) {
    infos.push_back(snapshot::describeSavepoint(path, one.metadata));
  }
  return infos;
}

Error unknownHeapSavepoint(const std::string& path) {
  return Error(ErrorCode::kNotFound, "there is no savepoint at '" + path + "'")
      .advise(
          "savepoints on the job manager are lost when it ends; `weir savepoint list` shows "
          "what there is");
}

}  // namespace weir::jobmanager
