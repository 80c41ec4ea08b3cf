#include "common/offline/file_coverage.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include "common/fs/uri.h"
#include "common/snapshot/label_file.h"
#include "common/snapshot/layout.h"

namespace weir::offline {
namespace {

using Storage = runtime::SectionHandle::Storage;
using Ranges = std::vector<std::pair<std::uint64_t, std::uint64_t>>;  // Begin and end.

Damage uncovered(const std::string& file, std::uint64_t from, std::uint64_t to) {
  return {file,
          "",
          std::to_string(to - from) + " bytes at offset " + std::to_string(from) +
              " belong to no section: something else was written there"};
}

}  // namespace

std::vector<Damage> verifyCoverage(fs::FileSystem& files,
                                   const runtime::CheckpointMetadata& metadata) {
  std::map<std::string, Ranges> by_file;
  for (const runtime::SavedOperator& op : metadata.operators) {
    for (const runtime::SubtaskState& subtask : op.subtasks) {
      const runtime::SectionHandle& handle = subtask.handle;
      if (handle.storage == Storage::kFile) {
        by_file[handle.location].emplace_back(handle.offset, handle.offset + handle.size);
      }
    }
  }
  std::vector<Damage> damages;
  for (auto& [name, ranges] : by_file) {
    const std::string path = fs::join(metadata.data_directory, name);
    std::ranges::sort(ranges);
    std::uint64_t covered = 0;
    for (const auto& [begin, end] : ranges) {
      if (begin > covered) {
        damages.push_back(uncovered(path, covered, begin));
      }
      covered = std::max(covered, end);
    }
    if (const auto file = files.stat(path); file && file->size > covered) {
      damages.push_back(uncovered(path, covered, file->size));
    }
  }
  return damages;
}

std::vector<Damage> verifyLabel(fs::FileSystem& files, const std::string& directory) {
  const auto label = snapshot::readLabel(files, directory);
  return label ? std::vector<Damage>()
               : std::vector<Damage>{
                     {fs::join(directory, snapshot::labelName(0)), "", label.error().text()}};
}

}  // namespace weir::offline
