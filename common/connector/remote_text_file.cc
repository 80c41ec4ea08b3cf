#include "common/connector/remote_text_file.h"

#include <algorithm>
#include <utility>

#include "common/base/crash_point.h"
#include "common/connector/local_files.h"
#include "common/connector/remote_files.h"
#include "common/fs/unfinished_files.h"
#include "common/fs/uri.h"

namespace weir::connector {

RemoteTextFile::RemoteTextFile(fs::FileSystem& files, std::string path, FileOwner owner)
    : files_(files),
      path_(std::move(path)),
      owner_(std::move(owner)),
      mark_(markOf(path_, owner_.job)),
      attempt_(
          fs::join(mark_, std::to_string(owner_.attempt) + "." + std::to_string(owner_.subtask))) {}

RemoteTextFile::~RemoteTextFile() = default;

std::string RemoteTextFile::nameOf(std::uint64_t number) const {
  return number == 0 ? path_ : path_ + "-" + std::to_string(number);
}

Result<bool> RemoteTextFile::taken() const {
  WEIR_TRY(auto jobs, remotelyMarkedBy(files_, fs::parentOf(path_), fs::nameOf(path_)));
  std::erase(jobs, owner_.job);
  if (!jobs.empty()) {
    return true;
  }
  // Ours may be of an earlier attempt of this subtask, or of another subtask.
  WEIR_TRY(const auto attempts, remoteNamesIn(files_, mark_));
  const std::string ours = "." + std::to_string(owner_.subtask);
  if (std::ranges::any_of(attempts, [&ours](const std::string& attempt) {
        return attempt.substr(std::min(attempt.find('.'), attempt.size())) != ours;
      })) {
    return true;
  }
  return isThere(files_, path_);
}

Status RemoteTextFile::claim() {
  WEIR_RETURN_IF_ERROR(files_.makeDirectories(attempt_));
  return removeAttempts(mark_, fs::nameOf(attempt_));
}

Status RemoteTextFile::removeAttempts(const std::string& mark, const std::string& but) {
  WEIR_TRY(const auto attempts, remoteNamesIn(files_, mark));
  const std::string ours = "." + std::to_string(owner_.subtask);
  for (const std::string& attempt : attempts) {
    const std::size_t dot = attempt.find('.');
    if (attempt == but || dot == std::string::npos || !isNumber(attempt.substr(0, dot)) ||
        attempt.substr(dot) != ours) {
      continue;
    }
    const std::string directory = fs::join(mark, attempt);
    WEIR_TRY(const auto parts, remoteNamesIn(files_, directory));
    for (const std::string& part : parts) {
      if (isNumber(part)) {
        WEIR_RETURN_IF_ERROR(files_.removeFile(fs::join(directory, part)));
      }
    }
    static_cast<void>(files_.removeDirectory(directory));  // As long as something is in it.
  }
  if (but.empty()) {
    static_cast<void>(files_.removeDirectory(mark));
  }
  return ok();
}

Status RemoteTextFile::removeFrom(std::uint64_t number) {
  while (true) {
    WEIR_TRY(const bool there, isThere(files_, nameOf(number)));
    if (!there) {
      return ok();
    }
    WEIR_RETURN_IF_ERROR(files_.removeFile(nameOf(number)));
    ++number;
  }
}

/// Copies to our names that were cut short when somebody was killed. One that stays is hidden, and
/// holds up no job.
void RemoteTextFile::removeUnfinished() {
  const std::string first = fs::nameOf(path_);
  static_cast<void>(
      fs::removeUnfinished(files_, fs::parentOf(path_), [&first](std::string_view name) {
        if (!name.starts_with(first)) {
          return false;
        }
        name.remove_prefix(first.size());
        return name.empty() || (name.front() == '-' && isNumber(name.substr(1)));
      }));
}

Status RemoteTextFile::overwrite() {
  WEIR_TRY(const auto jobs, remotelyMarkedBy(files_, fs::parentOf(path_), fs::nameOf(path_)));
  for (const std::string& job : jobs) {
    if (job != owner_.job) {
      WEIR_RETURN_IF_ERROR(removeAttempts(markOf(path_, job), ""));
    }
  }
  removeUnfinished();
  return removeFrom(0);
}

Status RemoteTextFile::restore(const WrittenFile& file) {
  WEIR_TRY(auto jobs, remotelyMarkedBy(files_, fs::parentOf(path_), fs::nameOf(path_)));
  std::erase(jobs, owner_.job);
  if (file.job == owner_.job && !jobs.empty()) {
    return Error(ErrorCode::kInvalidArgument,
                 "job " + jobs.front() + ", which was restored from a snapshot of job " +
                     owner_.job + ", goes on with the file " + path_)
        .advise("cancel one of the two, or let one write to another path");
  }
  published_ = file.files;
  bytes_ = file.bytes;
  for (const PendingLines& part : file.pending) {
    bytes_ -= std::min(part.bytes, bytes_);
    sealed_.push_back({part.path, part.bytes, 0});
  }
  if (published_ > 0) {
    WEIR_TRY(const bool there, isThere(files_, nameOf(published_ - 1)));
    if (!there) {
      return Error(ErrorCode::kFailedPrecondition,
                   "file " + nameOf(published_ - 1) + ", which the snapshot knows, is gone")
          .advise("bring the file back, or start without the state of this sink");
    }
  }
  WEIR_RETURN_IF_ERROR(publish(sealed_.size()));
  for (const std::string& job : jobs) {
    WEIR_RETURN_IF_ERROR(removeAttempts(markOf(path_, job), ""));
  }
  removeUnfinished();
  WEIR_RETURN_IF_ERROR(claim());
  return removeFrom(published_);  // What was written behind the snapshot comes again.
}

Status RemoteTextFile::openDirectly() {
  direct_ = true;
  return ok();
}

Status RemoteTextFile::append(std::string_view bytes) {
  if (!part_) {
    open_ = {fs::join(attempt_, std::to_string(++parts_)), 0, 0};
    WEIR_TRY(part_, files_.create(open_.path));
  }
  WEIR_RETURN_IF_ERROR(part_->append(bytes));
  open_.bytes += bytes.size();
  return ok();
}

Status RemoteTextFile::seal(std::uint64_t checkpoint) {
  if (direct_ || !part_) {
    return ok();
  }
  WEIR_RETURN_IF_ERROR(std::exchange(part_, nullptr)->commit());
  open_.checkpoint = checkpoint;
  sealed_.push_back(std::exchange(open_, {}));
  crashPoint("remote.sealed");
  return ok();
}

Status RemoteTextFile::commit(std::uint64_t checkpoint) {
  return publish(static_cast<std::size_t>(std::ranges::count_if(
      sealed_, [checkpoint](const Part& part) { return part.checkpoint <= checkpoint; })));
}

Status RemoteTextFile::publish(std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    const Part part = sealed_.front();
    WEIR_RETURN_IF_ERROR(publishCopy(files_, part.path, nameOf(published_)));
    crashPoint("remote.published");
    ++published_;
    bytes_ += part.bytes;
    sealed_.erase(sealed_.begin());  // Now: if it cannot be removed, it is published all the same.
    WEIR_RETURN_IF_ERROR(files_.removeFile(part.path));
  }
  return ok();
}

WrittenFile RemoteTextFile::state() const {
  WrittenFile state{path_, bytes_, {}, owner_.job, published_};
  for (const Part& part : sealed_) {
    state.bytes += part.bytes;
    state.pending.push_back({part.path, part.bytes});
  }
  return state;
}

Status RemoteTextFile::finish() {
  direct_ = false;
  WEIR_RETURN_IF_ERROR(seal(0));
  WEIR_RETURN_IF_ERROR(publish(sealed_.size()));
  if (published_ == 0) {  // A file is there also where nothing was written.
    Status written = fs::writeAll(files_, path_, "");
    if (!written && written.error().code() != ErrorCode::kFailedPrecondition) {
      return written;
    }
  }
  removeUnfinished();
  return removeAttempts(mark_, "");
}

void RemoteTextFile::abandon() {
  part_.reset();
  if (sealed_.empty()) {
    static_cast<void>(files_.removeDirectory(attempt_));
    static_cast<void>(files_.removeDirectory(mark_));
  }
}

Result<std::vector<std::string>> remotelyMarkedBy(fs::FileSystem& files,
                                                  const std::string& directory,
                                                  std::string_view name) {
  WEIR_TRY(const auto names, remoteNamesIn(files, directory));
  return marksAmong(names, name);
}

}  // namespace weir::connector
