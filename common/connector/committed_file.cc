#include "common/connector/committed_file.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/crash_point.h"
#include "common/connector/local_files.h"
#include "common/connector/write_all.h"
#include "common/fs/uri.h"

namespace weir::connector {
CommittedFile::CommittedFile(std::string path, FileOwner owner)
    : path_(std::move(path)), owner_(std::move(owner)), mark_(path_, owner_) {}

CommittedFile::~CommittedFile() = default;

std::string CommittedFile::nextPart() {
  return fs::join(mark_.attempt(), std::to_string(++parts_));
}

Result<bool> CommittedFile::taken() const {
  // Marks first: who removes one has created the file before.
  WEIR_TRY(const auto jobs, mark_.otherJobs());
  if (!jobs.empty()) {
    return true;
  }
  WEIR_TRY(const bool shared, mark_.otherSubtasks());
  if (shared) {
    return true;
  }
  WEIR_TRY(const auto info, lookAt(path_));
  return info.has_value();
}

Status CommittedFile::overwrite() {
  WEIR_RETURN_IF_ERROR(mark_.removeOthers());
  if (::unlink(path_.c_str()) != 0 && errno != ENOENT) {
    return systemError(errno, "overwrite " + path_);
  }
  return ok();
}

Status CommittedFile::restore(const WrittenFile& file) {
  WEIR_TRY(const auto others, mark_.otherJobs());
  if (file.job == owner_.job && !others.empty()) {
    return Error(ErrorCode::kInvalidArgument,
                 "job " + others.front() + ", which was restored from a snapshot of job " +
                     owner_.job + ", goes on with the file " + path_)
        .advise("cancel one of the two, or let one write to another path");
  }
  restored_ = true;
  WEIR_TRY(const auto info, lookAt(path_));
  const std::uint64_t size = info ? static_cast<std::uint64_t>(info->st_size) : 0;
  WEIR_RETURN_IF_ERROR(takeParts(file, size));
  WEIR_RETURN_IF_ERROR(appendParts(sealed_.size()));
  WEIR_RETURN_IF_ERROR(mark_.removeOthers());
  WEIR_RETURN_IF_ERROR(claim());
  return size > file.bytes ? replaceBy(file.bytes) : ok();
}

/// What is appended already, and what is still to be.
Status CommittedFile::takeParts(const WrittenFile& file, std::uint64_t size) {
  committed_ = file.bytes;
  for (const PendingLines& part : file.pending) {
    committed_ -= std::min(part.bytes, committed_);
  }
  for (const PendingLines& part : file.pending) {
    const bool there = ::access(part.path.c_str(), F_OK) == 0;
    if (there) {
      sealed_.push_back({part.path, part.bytes, 0});
    } else if (sealed_.empty() && size >= committed_ + part.bytes) {
      committed_ += part.bytes;  // It was removed when it had been appended.
    } else {
      return Error(ErrorCode::kFailedPrecondition,
                   "file " + path_ + " has " + std::to_string(size) + " bytes, but had " +
                       std::to_string(file.bytes) + " at the snapshot, of which " +
                       std::to_string(part.bytes) + " lay in " + part.path + ", which is gone")
          .advise("bring the files back, or start without the state of this sink");
    }
  }
  if (size < committed_) {
    return Error(ErrorCode::kFailedPrecondition,
                 "file " + path_ + " has " + std::to_string(size) + " bytes, but had " +
                     std::to_string(committed_) + " at the snapshot")
        .advise("bring the file back, or start without the state of this sink");
  }
  return ok();
}

Status CommittedFile::openFile() {
  if (file_) {
    return ok();
  }
  WEIR_TRY(const auto before, lookAt(path_));
  file_ = UniqueFd(::open(path_.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0666));
  if (!file_) {
    return systemError(errno, (before ? "go on writing " : "create ") + path_);
  }
  return before ? ok() : syncDirectory(fs::parentOf(path_));
}

/// A new file with the first bytes of the old one takes its name; who has the old one open keeps
/// it as it was.
Status CommittedFile::replaceBy(std::uint64_t bytes) {
  WEIR_TRY(const auto before, lookAt(path_));
  const std::string fresh = nextPart();
  UniqueFd fd(::open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
  if (!fd) {
    return systemError(errno, "create " + fresh);
  }
  if (before) {
    static_cast<void>(::fchmod(fd.get(), before->st_mode & 07777));  // A courtesy to readers.
    WEIR_RETURN_IF_ERROR(copyBytes(path_, bytes, fd.get(), 0, fresh));
  }
  WEIR_RETURN_IF_ERROR(syncFile(fd.get(), fresh));
  if (::rename(fresh.c_str(), path_.c_str()) != 0) {
    return systemError(errno, "replace " + path_);
  }
  file_ = std::move(fd);
  committed_ = bytes;
  return syncDirectory(fs::parentOf(path_));
}

Status CommittedFile::openDirectly() {
  direct_ = true;
  return restored_ ? openFile() : replaceBy(0);
}

Status CommittedFile::openSpecial() {
  direct_ = special_ = true;
  return openFile();
}

Status CommittedFile::append(std::string_view bytes) {
  if (!direct_ && !part_) {
    open_ = {nextPart(), 0, 0};
    part_ = UniqueFd(::open(open_.path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
    if (!part_ && errno == ENOENT) {
      return Error(ErrorCode::kFenced,
                   "directory " + mark_.attempt() +
                       " is gone: a later attempt, or a job that was restored "
                       "from this one's snapshot, goes on with " +
                       path_);
    }
    if (!part_) {
      return systemError(errno, "create " + open_.path);
    }
  }
  WEIR_RETURN_IF_ERROR(direct_ ? writeAll(file_.get(), bytes, path_)
                               : writeAll(part_.get(), bytes, open_.path));
  (direct_ ? committed_ : open_.bytes) += bytes.size();
  return ok();
}

Status CommittedFile::check() const {
  if (special_) {
    return ok();
  }
  WEIR_TRY(const auto info, lookAt(path_));
  const auto changed = [this](const std::string& how) {
    return Error(ErrorCode::kFailedPrecondition, "file " + path_ + " " + how)
        .advise("let no other job or program write to it");
  };
  if (!info) {
    return committed_ == 0 && !file_ ? ok() : changed("is gone");
  }
  struct stat ours{};
  if (file_ && (::fstat(file_.get(), &ours) != 0 || ours.st_ino != info->st_ino ||
                ours.st_dev != info->st_dev)) {
    return changed("is no longer the one that this sink has written: it was replaced");
  }
  if (static_cast<std::uint64_t>(info->st_size) != committed_) {
    return changed("has " + std::to_string(info->st_size) + " bytes, but this sink has written " +
                   std::to_string(committed_) + ": something else has written to it");
  }
  return ok();
}

Status CommittedFile::seal(std::uint64_t checkpoint) {
  WEIR_RETURN_IF_ERROR(check());
  if (direct_) {
    return syncFile(file_.get(), path_);
  }
  if (part_) {
    WEIR_RETURN_IF_ERROR(syncFile(part_.get(), open_.path));
    WEIR_RETURN_IF_ERROR(syncDirectory(mark_.attempt()));
    part_ = UniqueFd();
    open_.checkpoint = checkpoint;
    sealed_.push_back(std::exchange(open_, {}));
    crashPoint("commit.sealed");
  }
  return ok();
}

Status CommittedFile::commit(std::uint64_t checkpoint) {
  const auto count = std::ranges::count_if(
      sealed_, [checkpoint](const Part& part) { return part.checkpoint <= checkpoint; });
  if (count == 0) {
    return ok();
  }
  WEIR_RETURN_IF_ERROR(check());
  return appendParts(static_cast<std::size_t>(count));
}

Status CommittedFile::appendParts(std::size_t count) {
  if (count == 0) {
    return ok();
  }
  WEIR_RETURN_IF_ERROR(openFile());
  for (std::size_t i = 0; i < count; ++i) {
    WEIR_RETURN_IF_ERROR(
        copyBytes(sealed_[i].path, sealed_[i].bytes, file_.get(), committed_, path_));
    committed_ += sealed_[i].bytes;
    crashPoint("commit.copied");
  }
  WEIR_RETURN_IF_ERROR(syncFile(file_.get(), path_));
  crashPoint("commit.appended");
  for (std::size_t i = 0; i < count; ++i) {
    ::unlink(sealed_[i].path.c_str());
    crashPoint("commit.removed");
  }
  sealed_.erase(sealed_.begin(), sealed_.begin() + static_cast<std::ptrdiff_t>(count));
  return ok();
}

WrittenFile CommittedFile::state() const {
  WrittenFile state{path_, committed_, {}, owner_.job, 0};
  for (const Part& part : sealed_) {
    state.bytes += part.bytes;
    state.pending.push_back({part.path, part.bytes});
  }
  return state;
}

Status CommittedFile::finish() {
  if (part_) {
    WEIR_RETURN_IF_ERROR(seal(0));
  }
  if (!sealed_.empty()) {
    WEIR_RETURN_IF_ERROR(check());
    WEIR_RETURN_IF_ERROR(appendParts(sealed_.size()));
  }
  WEIR_RETURN_IF_ERROR(openFile());
  if (direct_ && !special_) {
    WEIR_RETURN_IF_ERROR(syncFile(file_.get(), path_));
  }
  return special_ ? ok() : mark_.remove();
}

void CommittedFile::abandon() {
  if (special_) {
    return;
  }
  if (part_) {
    part_ = UniqueFd();
    ::unlink(open_.path.c_str());
  }
  // What a snapshot may know stays for the next attempt, and so does the mark of a file that holds
  // something: the next attempt may begin it anew.
  if (sealed_.empty() && !(direct_ && committed_ > 0)) {
    mark_.removeEmpty();
  }
}

}  // namespace weir::connector
