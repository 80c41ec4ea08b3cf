#include "jobmanager/checkpoint/left_checkpoints.h"

#include <charconv>
#include <optional>
#include <string_view>

#include "common/fs/uri.h"
#include "common/snapshot/layout.h"
#include "common/snapshot/metadata_file.h"

namespace weir::jobmanager {
namespace {

/// None unless the directory is named exactly as we name one.
std::optional<CheckpointId> idOf(const std::string& directory) {
  if (!snapshot::isCheckpointDirectory(directory)) {
    return std::nullopt;
  }
  const std::string name = fs::nameOf(directory);
  const std::string_view digits = std::string_view(name).substr(name.find('-') + 1);
  std::uint64_t number = 0;
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  const CheckpointId id(number);
  const bool ours = read.ec == std::errc() &&
                    snapshot::checkpointDirectory(fs::parentOf(directory), id) == directory;
  return ours ? std::optional(id) : std::nullopt;
}

}  // namespace

LeftCheckpoints LeftCheckpoints::of(const ha::JobCheckpoints& stored) {
  LeftCheckpoints left{CheckpointId(0), stored.next, {}, {}};
  if (!stored.retained.empty()) {
    left.after = stored.retained.back().id;
  }
  left.known.insert(stored.pinned.begin(), stored.pinned.end());
  left.known.insert(stored.discards.begin(), stored.discards.end());
  for (const ha::BegunSavepoint& one : stored.begun) {
    if (!one.result) {
      (one.path.empty() ? left.cut : left.known).insert(one.id);
    }
  }
  return left;
}

Result<std::vector<CheckpointId>> findLeft(fs::FileSystem& files,
                                           const std::string& directory,
                                           const LeftCheckpoints& left,
                                           bool own_handles,
                                           std::uint64_t most_metadata) {
  std::vector<CheckpointId> found;
  const auto entries = files.list(directory);
  if (!entries) {
    return entries.error().code() == ErrorCode::kNotFound
               ? Result<std::vector<CheckpointId>>(std::move(found))
               : Result<std::vector<CheckpointId>>(entries.error());
  }
  for (const fs::FileInfo& entry : *entries) {
    const std::string path = fs::join(directory, entry.name);
    const std::optional<CheckpointId> id = idOf(path);
    const bool cut = id && left.cut.contains(*id);
    if (!id || (!cut && (*id <= left.after || *id >= left.before || left.known.contains(*id)))) {
      continue;
    }
    const auto metadata = snapshot::readMetadata(files, path, {}, most_metadata);
    const bool unneeded = metadata
                              ? cut || !metadata->savepoint
                              : metadata.error().code() == ErrorCode::kNotFound && !own_handles;
    if (unneeded) {
      found.push_back(*id);
    }
  }
  return found;
}

}  // namespace weir::jobmanager
