#include "taskmanager/worker/checkpoint/shared_uploads.h"

#include <algorithm>
#include <fstream>
#include <utility>

#include "common/base/crash_point.h"
#include "common/fs/uri.h"
#include "common/record/checksum.h"
#include "common/snapshot/layout.h"

namespace weir::worker {

namespace {

constexpr std::size_t kCheckpointsKept = 64;
constexpr std::size_t kUploadBytes = 1 << 20;

}  // namespace

SharedUploads::SharedUploads(fs::FileSystem& files,
                             std::string directory,
                             std::uint64_t attempt,
                             std::function<std::string()> unique)
    : files_(files),
      directory_(std::move(directory)),
      attempt_(attempt),
      unique_(std::move(unique)) {}

Result<std::vector<rocks::TableManifest::Table>> SharedUploads::store(
    const Owner& owner,
    CheckpointId checkpoint,
    const state::SharedTables& tables,
    const std::atomic<bool>& unwanted) {
  Tables known;
  {
    const std::lock_guard lock(mutex_);
    known = known_[owner];
  }
  std::vector<rocks::TableManifest::Table> stored;
  Tables all;
  for (const state::SharedTables::Table& table : tables.tables) {
    const auto found = known.find(table.name);
    if (found != known.end() && found->second.size == table.size) {
      stored.push_back(found->second);
    } else {
      WEIR_TRY(auto one, upload(owner, checkpoint, tables.directory, table, unwanted));
      stored.push_back(std::move(one));
    }
    all.emplace(table.name, stored.back());
  }
  const std::lock_guard lock(mutex_);
  sent_[checkpoint].tables[owner] = std::move(all);
  while (sent_.size() > kCheckpointsKept) {
    sent_.erase(sent_.begin());
  }
  return stored;
}

Result<rocks::TableManifest::Table> SharedUploads::upload(const Owner& owner,
                                                          CheckpointId checkpoint,
                                                          const std::string& directory,
                                                          const state::SharedTables::Table& table,
                                                          const std::atomic<bool>& unwanted) {
  rocks::TableManifest::Table stored{.name = table.name, .shared = {}, .size = table.size};
  stored.shared = snapshot::sharedFileName(
      owner.task.vertex, owner.task.subtask, attempt_, checkpoint, unique_());
  const std::string path = fs::join(snapshot::sharedDirectoryOfJob(directory_), stored.shared);
  const std::string from = directory + "/" + table.name;
  std::ifstream file(from, std::ios::binary);
  WEIR_TRY(const auto writer, files_.create(path));
  record::Checksum sum;
  std::string piece;
  for (std::uint64_t left = table.size; left > 0; left -= piece.size()) {
    if (unwanted.load(std::memory_order_relaxed)) {
      return Error(ErrorCode::kCancelled, "the checkpoint was aborted");
    }
    piece.resize(std::min<std::uint64_t>(left, kUploadBytes));
    if (!file.read(piece.data(), static_cast<std::streamsize>(piece.size()))) {
      return Error(ErrorCode::kIo, "could not read all of " + from);
    }
    sum.add(piece);
    WEIR_RETURN_IF_ERROR(writer->append(piece));
  }
  stored.checksum = sum.value();
  {
    const std::lock_guard lock(mutex_);  // Before it is there: it goes in any case.
    sent_[checkpoint].paths.push_back(path);
  }
  WEIR_RETURN_IF_ERROR(writer->commit());
  crashPoint("snapshot.shared");
  return stored;
}

void SharedUploads::completed(CheckpointId checkpoint) {
  const std::lock_guard lock(mutex_);
  const auto found = sent_.find(checkpoint);
  if (found == sent_.end()) {
    return;
  }
  if (completed_ < checkpoint) {  // Else its files may be gone: a later one has taken its place.
    completed_ = checkpoint;
    for (auto& [owner, tables] : found->second.tables) {
      known_[owner] = std::move(tables);
    }
  }
  sent_.erase(found);
}

std::vector<std::string> SharedUploads::aborted(CheckpointId checkpoint) {
  const std::lock_guard lock(mutex_);
  const auto found = sent_.find(checkpoint);
  std::vector<std::string> paths;
  if (found != sent_.end()) {
    paths = std::move(found->second.paths);
    sent_.erase(found);
  }
  return paths;
}

}  // namespace weir::worker
