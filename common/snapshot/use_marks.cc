#include "common/snapshot/use_marks.h"

#include <utility>

#include "common/fs/uri.h"
#include "common/snapshot/layout.h"

namespace weir::snapshot {
namespace {

constexpr std::string_view kHeldBy = "held by ";
constexpr std::uint64_t kMostBytes = 4096;

/// What stands in a mark behind "held by ", in a line of its own.
std::string holderIn(std::string_view text) {
  const std::size_t at = text.find(kHeldBy);
  if (at == std::string_view::npos) {
    return {};
  }
  text.remove_prefix(at + kHeldBy.size());
  return std::string(text.substr(0, text.find('\n')));
}

std::string pathOf(const std::string& directory, JobId job) {
  return fs::join(directory, markName(job));
}

Result<std::string> read(fs::FileSystem& files, const std::string& path) {
  WEIR_TRY(const auto file, files.openNoLink(path));
  return fs::readAll(*file, path, kMostBytes);
}

}  // namespace

Result<std::vector<InUse>> jobsUsing(fs::FileSystem& files, const std::string& directory) {
  WEIR_TRY(auto entries, files.list(directory));
  std::vector<InUse> users;
  for (const fs::FileInfo& entry : entries) {
    const auto job = markedJob(entry.name);
    if (!job) {
      continue;
    }
    auto text = read(files, fs::join(directory, entry.name));
    if (text) {
      users.push_back({*job, holderIn(*text), entry.modified_millis});
    } else if (text.error().code() != ErrorCode::kNotFound) {  // Else it is gone since.
      return std::move(text).error();
    }
  }
  return users;
}

Status writeMark(fs::FileSystem& files,
                 const std::string& directory,
                 JobId job,
                 const std::string& holder) {
  std::string text = "job " + job.hex() + " would recover from this\n";
  if (!holder.empty()) {
    text += std::string(kHeldBy) + holder + "\n";
  }
  const std::string path = pathOf(directory, job);
  Status written = fs::writeAll(files, path, text);
  if (written || written.error().code() != ErrorCode::kFailedPrecondition) {
    return written;
  }
  const auto said_before = read(files, path);
  if (said_before && *said_before == text) {
    return ok();
  }
  WEIR_RETURN_IF_ERROR(files.removeFile(path));
  return fs::writeAll(files, path, text);
}

Status removeMark(fs::FileSystem& files, const std::string& directory, JobId job) {
  return fs::removeDurably(files, pathOf(directory, job));
}

}  // namespace weir::snapshot
