#include "jobmanager/checkpoint/use_marks.h"

#include <utility>

#include "common/fs/uri.h"
#include "common/snapshot/layout.h"

namespace weir::jobmanager {
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
  return fs::join(directory, snapshot::markName(job));
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
    const auto job = snapshot::markedJob(entry.name);
    if (!job) {
      continue;
    }
    auto text = read(files, fs::join(directory, entry.name));
    if (text) {
      users.push_back({*job, holderIn(*text)});
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
  Status written = fs::writeAll(files, pathOf(directory, job), text);
  if (!written && written.error().code() == ErrorCode::kFailedPrecondition) {
    return ok();  // Said before.
  }
  return written;
}

Status removeMark(fs::FileSystem& files, const std::string& directory, JobId job) {
  return files.removeFile(pathOf(directory, job));
}

}  // namespace weir::jobmanager
