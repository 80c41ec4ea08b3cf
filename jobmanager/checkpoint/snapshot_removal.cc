// How the directory of a checkpoint goes; the other half of snapshot_files.cc.

#include <algorithm>
#include <array>

#include "common/fs/uri.h"
#include "jobmanager/checkpoint/snapshot_files.h"
#include "jobmanager/checkpoint/use_marks.h"

namespace weir::jobmanager {
namespace {

constexpr std::string_view kDecimal = "0123456789";
constexpr std::string_view kHex = "0123456789abcdef";

/// Cuts the next part up to a dash off `rest`; whether it consists of `digits`, `count` of them (0:
/// any number).
bool take(std::string_view& rest, std::string_view digits, std::size_t count) {
  const std::size_t dash = rest.find('-');
  const std::string_view part = rest.substr(0, dash);
  rest.remove_prefix(dash == std::string_view::npos ? rest.size() : dash + 1);
  return !part.empty() && (count == 0 || part.size() == count) &&
         part.find_first_not_of(digits) == std::string_view::npos;
}

}  // namespace

/// `<vertex>-<subtask>-<attempt>-<random>`, as workers name their files.
bool isTaskFile(std::string_view name) {
  return take(name, kHex, 8) && take(name, kDecimal, 0) && take(name, kDecimal, 0) &&
         take(name, kHex, 8) && name.empty();
}

Status removeCheckpointDirectory(fs::FileSystem& files,
                                 const std::string& directory,
                                 const std::vector<std::string>& names) {
  auto entries = files.list(directory);
  if (!entries) {
    return entries.error().code() == ErrorCode::kNotFound ? ok() : Status(entries.error());
  }
  std::string foreign;
  for (const fs::FileInfo& entry : *entries) {
    const std::string& name = entry.name;
    const bool regular = entry.regular && !entry.link;
    if (regular && isMetadata(name)) {
      continue;  // Last, so that a removal that was cut short can be repeated.
    }
    if (regular && (isTaskFile(name) || isMark(name) ||
                    std::find(names.begin(), names.end(), name) != names.end())) {
      WEIR_RETURN_IF_ERROR(files.removeFile(fs::join(directory, name)));
    } else if (foreign.empty()) {
      foreign = name;
    }
  }
  WEIR_RETURN_IF_ERROR(removeMetadata(files, directory));
  if (!foreign.empty()) {
    return Error(
        ErrorCode::kFailedPrecondition,
        "directory " + directory + " stays: '" + foreign + "' in it is not the snapshot's");
  }
  return files.removeDirectory(directory);
}

}  // namespace weir::jobmanager
