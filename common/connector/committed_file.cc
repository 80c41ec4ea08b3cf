#include "common/connector/committed_file.h"

#include <algorithm>
#include <cerrno>
#include <functional>
#include <optional>
#include <utility>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/connector/write_all.h"
#include "common/fs/uri.h"

namespace weir::connector {
namespace {

constexpr std::string_view kInProgress = ".in-progress-";
constexpr std::size_t kJobDigits = 32;
constexpr std::size_t kCopyBytes = 256 * 1024;

std::string markOf(const std::string& path, std::string_view job) {
  return fs::join(fs::parentOf(path),
                  "." + fs::nameOf(path) + std::string(kInProgress) + std::string(job));
}

bool isNumber(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

/// Of an attempt's directory: "<attempt>.<subtask>".
std::string_view subtaskOf(std::string_view name) {
  const std::size_t dot = name.find('.');
  return dot != std::string_view::npos && isNumber(name.substr(0, dot)) ? name.substr(dot + 1) : "";
}

/// Empty when there is no such directory.
Result<std::vector<std::string>> namesIn(const std::string& directory) {
  std::vector<std::string> names;
  DIR* open = ::opendir(directory.c_str());
  if (open == nullptr) {
    return errno == ENOENT ? Result<std::vector<std::string>>(names)
                           : systemError(errno, "list " + directory);
  }
  while (const dirent* entry = ::readdir(open)) {  // NOLINT: this stream is nobody else's.
    names.emplace_back(entry->d_name);
  }
  ::closedir(open);
  return names;
}

/// Deletes an attempt's directory: what is named as we name parts, and nothing below that.
void removeAttempt(const std::string& directory) {
  if (const auto names = namesIn(directory)) {
    for (const std::string& name : *names) {
      if (isNumber(name)) {
        ::unlink(fs::join(directory, name).c_str());
      }
    }
  }
  ::rmdir(directory.c_str());
}

/// Deletes what is in a mark, but for one attempt; the mark itself when nothing is left.
Status removeAttempts(const std::string& mark, std::string_view but = {}) {
  WEIR_TRY(const auto names, namesIn(mark));
  for (const std::string& name : names) {
    if (name != but && isNumber(subtaskOf(name))) {
      removeAttempt(fs::join(mark, name));
    }
  }
  if (but.empty()) {
    ::rmdir(mark.c_str());
  }
  return ok();
}

Status makeDirectory(const std::string& path) {
  if (::mkdir(path.c_str(), 0777) != 0 && errno != EEXIST) {
    return systemError(errno, "create directory " + path);
  }
  return ok();
}

Status sync(int fd, const std::string& path) {
  if (::fdatasync(fd) != 0 && errno != EINVAL) {  // EINVAL: there is nothing to sync to.
    return systemError(errno, "sync " + path);
  }
  return ok();
}

Status syncDirectory(const std::string& path) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  return fd ? sync(fd.get(), path) : Status(systemError(errno, "sync " + path));
}

/// nullopt when there is nothing.
Result<std::optional<struct stat>> lookAt(const std::string& path) {
  struct stat info{};
  if (::stat(path.c_str(), &info) == 0) {
    return std::optional(info);
  }
  return errno == ENOENT ? Result<std::optional<struct stat>>(std::nullopt)
                         : systemError(errno, "look at " + path);
}

/// The first `bytes` bytes of `from` to `to`, at `at`.
Status copy(const std::string& from,
            std::uint64_t bytes,
            int to,
            std::uint64_t at,
            const std::string& to_path) {
  const UniqueFd source(::open(from.c_str(), O_RDONLY | O_CLOEXEC));
  if (!source) {
    return systemError(errno, "read " + from);
  }
  std::string buffer(std::min<std::uint64_t>(kCopyBytes, bytes), '\0');
  for (std::uint64_t done = 0; done < bytes;) {
    const ssize_t got = ::pread(source.get(),
                                buffer.data(),
                                std::min<std::uint64_t>(buffer.size(), bytes - done),
                                static_cast<off_t>(done));
    if (got <= 0) {
      return got < 0 ? systemError(errno, "read " + from)
                     : Error(ErrorCode::kCorruption,
                             from + " ends after " + std::to_string(done) + " of " +
                                 std::to_string(bytes) + " bytes");
    }
    for (ssize_t put = 0; put < got;) {
      const ssize_t now = ::pwrite(to,
                                   buffer.data() + put,
                                   static_cast<std::size_t>(got - put),
                                   static_cast<off_t>(at + done + static_cast<std::uint64_t>(put)));
      if (now < 0 && errno != EINTR) {
        return systemError(errno, "write to " + to_path);
      }
      put += std::max<ssize_t>(now, 0);
    }
    done += static_cast<std::uint64_t>(got);
  }
  return ok();
}

}  // namespace

Result<std::vector<std::string>> markedBy(const std::string& directory, std::string_view name) {
  std::vector<std::string> jobs;
  WEIR_TRY(const auto names, namesIn(directory));
  for (const std::string& one : names) {
    const std::size_t at = one.rfind(kInProgress);
    if (one.front() == '.' && at != std::string::npos && at > 1 &&
        one.size() - at - kInProgress.size() == kJobDigits &&
        (name.empty() || std::string_view(one).substr(1, at - 1) == name)) {
      jobs.push_back(one.substr(at + kInProgress.size()));
    }
  }
  return jobs;
}

CommittedFile::CommittedFile(std::string path, FileOwner owner)
    : path_(std::move(path)),
      owner_(std::move(owner)),
      mark_(markOf(path_, owner_.job)),
      attempt_(
          fs::join(mark_, std::to_string(owner_.attempt) + "." + std::to_string(owner_.subtask))) {}

CommittedFile::~CommittedFile() = default;

std::string CommittedFile::nextPart() { return fs::join(attempt_, std::to_string(++parts_)); }

Result<bool> CommittedFile::taken() const {
  // Marks first: who removes one has created the file before.
  WEIR_TRY(const auto jobs, markedBy(fs::parentOf(path_), fs::nameOf(path_)));
  if (std::ranges::any_of(jobs, [this](const auto& job) { return job != owner_.job; })) {
    return true;
  }
  WEIR_TRY(const auto attempts, namesIn(mark_));
  const std::string own = std::to_string(owner_.subtask);
  if (std::ranges::any_of(attempts, [&](const std::string& name) {
        return isNumber(subtaskOf(name)) && subtaskOf(name) != own;
      })) {
    return true;
  }
  WEIR_TRY(const auto info, lookAt(path_));
  return info.has_value();
}

Status CommittedFile::claim() {
  WEIR_RETURN_IF_ERROR(makeDirectory(mark_));
  WEIR_RETURN_IF_ERROR(removeAttempts(mark_, fs::nameOf(attempt_)));
  return makeDirectory(attempt_);
}

Status CommittedFile::removeOthers() const {
  WEIR_TRY(const auto jobs, markedBy(fs::parentOf(path_), fs::nameOf(path_)));
  for (const std::string& job : jobs) {
    if (job != owner_.job) {
      WEIR_RETURN_IF_ERROR(removeAttempts(markOf(path_, job)));
    }
  }
  return ok();
}

Status CommittedFile::overwrite() {
  WEIR_RETURN_IF_ERROR(removeOthers());
  if (::unlink(path_.c_str()) != 0 && errno != ENOENT) {
    return systemError(errno, "overwrite " + path_);
  }
  return ok();
}

Status CommittedFile::restore(const WrittenFile& file) {
  WEIR_TRY(const auto jobs, markedBy(fs::parentOf(path_), fs::nameOf(path_)));
  const auto other =
      std::ranges::find_if(jobs, [this](const auto& job) { return job != owner_.job; });
  if (file.job == owner_.job && other != jobs.end()) {
    return Error(ErrorCode::kInvalidArgument,
                 "job " + *other + ", which was restored from a snapshot of job " + owner_.job +
                     ", goes on with the file " + path_)
        .advise("cancel one of the two, or let one write to another path");
  }
  restored_ = true;
  WEIR_TRY(const auto info, lookAt(path_));
  const std::uint64_t size = info ? static_cast<std::uint64_t>(info->st_size) : 0;
  WEIR_RETURN_IF_ERROR(takeParts(file, size));
  WEIR_RETURN_IF_ERROR(appendParts(sealed_.size()));
  WEIR_RETURN_IF_ERROR(removeOthers());
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
    WEIR_RETURN_IF_ERROR(copy(path_, bytes, fd.get(), 0, fresh));
  }
  WEIR_RETURN_IF_ERROR(sync(fd.get(), fresh));
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
                   "directory " + attempt_ +
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
    return sync(file_.get(), path_);
  }
  if (part_) {
    WEIR_RETURN_IF_ERROR(sync(part_.get(), open_.path));
    WEIR_RETURN_IF_ERROR(syncDirectory(attempt_));
    part_ = UniqueFd();
    open_.checkpoint = checkpoint;
    sealed_.push_back(std::exchange(open_, {}));
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
    WEIR_RETURN_IF_ERROR(copy(sealed_[i].path, sealed_[i].bytes, file_.get(), committed_, path_));
    committed_ += sealed_[i].bytes;
  }
  WEIR_RETURN_IF_ERROR(sync(file_.get(), path_));
  for (std::size_t i = 0; i < count; ++i) {
    ::unlink(sealed_[i].path.c_str());
  }
  sealed_.erase(sealed_.begin(), sealed_.begin() + static_cast<std::ptrdiff_t>(count));
  return ok();
}

WrittenFile CommittedFile::state() const {
  WrittenFile state{path_, committed_, {}, owner_.job};
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
    WEIR_RETURN_IF_ERROR(sync(file_.get(), path_));
  }
  return special_ ? ok() : removeAttempts(mark_);
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
    ::rmdir(attempt_.c_str());
    ::rmdir(mark_.c_str());
  }
}

}  // namespace weir::connector
