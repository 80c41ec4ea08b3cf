#include "common/fs/local_file_system.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/fs/local_entries.h"
#include "common/fs/progress.h"
#include "common/fs/uri.h"

namespace weir::fs {

namespace {

/// Bytes that are written before the disk is asked to begin with them: it works while the next ones
/// are made, and commit() waits for little.
constexpr std::uint64_t kWriteBackBytes = std::uint64_t{4} << 20;

Status syncEntries(const std::string& directory) {
  const UniqueFd fd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd || ::fsync(fd.get()) != 0) {
    // Some mounts cannot sync a directory and say so; they order their metadata themselves.
    if (fd && (errno == EINVAL || errno == ENOTSUP)) {
      return ok();
    }
    return fileError(errno, "sync directory " + directory);
  }
  return ok();
}

/// Makes what is missing, from the top, and syncs each parent that got an entry.
Status makeDirectoriesAt(const std::string& directory) {
  struct stat info{};
  if (::stat(directory.c_str(), &info) == 0) {
    return S_ISDIR(info.st_mode) ? ok() : fileError(ENOTDIR, "make directory " + directory);
  }
  if (errno != ENOENT) {
    return fileError(errno, "make directory " + directory);
  }
  const std::string parent = parentOf(directory);
  WEIR_RETURN_IF_ERROR(makeDirectoriesAt(parent));
  if (::mkdir(directory.c_str(), 0777) != 0 && errno != EEXIST) {
    return fileError(errno, "make directory " + directory);
  }
  return syncEntries(parent);
}

class LocalWriter final : public FileWriter {
 public:
  LocalWriter(UniqueFd fd, std::string temporary, std::string path)
      : fd_(std::move(fd)), temporary_(std::move(temporary)), path_(std::move(path)) {}
  ~LocalWriter() override {
    if (!committed_) {
      ::unlink(temporary_.c_str());
    }
  }
  LocalWriter(const LocalWriter&) = delete;
  LocalWriter& operator=(const LocalWriter&) = delete;

  Status append(std::string_view bytes) override {
    while (!bytes.empty()) {
      noteProgress();
      const ssize_t written = ::write(fd_.get(), bytes.data(), bytes.size());
      if (written < 0 && errno == EINTR) {
        continue;
      }
      if (written < 0) {
        broken_ = true;
        return fileError(errno, "write " + path_);
      }
      bytes.remove_prefix(static_cast<std::size_t>(written));
      written_ += static_cast<std::uint64_t>(written);
    }
    return written_ - begun_ < kWriteBackBytes ? ok() : beginWriteBack();
  }

  Status commit() override {
    if (broken_ || committed_) {
      return Error(ErrorCode::kFailedPrecondition,
                   path_ + (committed_ ? " is already committed" : " has an earlier write error"));
    }
    noteProgress();
    if (::fsync(fd_.get()) != 0) {
      broken_ = true;  // What the kernel dropped once, a second fsync reports as written.
      return fileError(errno, "sync " + path_);
    }
    noteProgress();
    WEIR_RETURN_IF_ERROR(publish());
    noteProgress();
    committed_ = true;
    return syncEntries(parentOf(path_));
  }

 private:
  /// Has the disk begin with what was written, and waits for none of it. What comes of that is
  /// reported by fsync(): here counts only that the kernel took it.
  Status beginWriteBack() {
    const auto from = static_cast<off64_t>(std::exchange(begun_, written_));
    const auto bytes = static_cast<off64_t>(written_) - from;
    if (::sync_file_range(fd_.get(), from, bytes, SYNC_FILE_RANGE_WRITE) != 0 &&
        (errno == EIO || errno == ENOSPC)) {  // Others: this file system cannot, and need not.
      broken_ = true;
      return fileError(errno, "write " + path_);
    }
    return ok();
  }
  /// Gives the file its name unless that is taken.
  Status publish() {
    if (::link(temporary_.c_str(), path_.c_str()) == 0 || linkedDespiteError()) {
      ::unlink(temporary_.c_str());
      return ok();
    }
    if (errno == EPERM || errno == ENOTSUP || errno == ENOSYS) {  // No hard links here.
      if (::renameat2(AT_FDCWD, temporary_.c_str(), AT_FDCWD, path_.c_str(), RENAME_NOREPLACE) ==
          0) {
        return ok();
      }
    }
    if (errno == EEXIST) {
      return Error(ErrorCode::kFailedPrecondition, "create " + path_ + ": the file exists already");
    }
    return fileError(errno, "create " + path_);
  }

  /// On NFS the answer to a link that was made may get lost, and the repeated call says EEXIST.
  bool linkedDespiteError() const {
    const int cause = errno;
    struct stat info{};
    const bool linked = cause == EEXIST && ::fstat(fd_.get(), &info) == 0 && info.st_nlink == 2;
    errno = cause;
    return linked;
  }

  UniqueFd fd_;
  std::string temporary_;
  std::string path_;
  std::uint64_t written_ = 0;
  std::uint64_t begun_ = 0;  // Of them, which the disk was asked to begin with.
  bool broken_ = false;
  bool committed_ = false;
};

class LocalReader final : public FileReader {
 public:
  LocalReader(UniqueFd fd, std::string path, std::uint64_t size)
      : fd_(std::move(fd)), path_(std::move(path)), size_(size) {}

  std::uint64_t size() const override { return size_; }

  Result<std::string> read(std::uint64_t offset, std::uint64_t length) const override {
    if (offset > size_ || length > size_ - offset) {
      return tooShort(offset, length);
    }
    std::string bytes(length, '\0');
    std::uint64_t done = 0;
    while (done < length) {
      noteProgress();
      const ssize_t got =
          ::pread(fd_.get(), bytes.data() + done, length - done, static_cast<off_t>(offset + done));
      if (got < 0 && errno == EINTR) {
        continue;
      }
      if (got < 0) {
        return fileError(errno, "read " + path_);
      }
      if (got == 0) {
        return tooShort(offset, length);
      }
      done += static_cast<std::uint64_t>(got);
    }
    return bytes;
  }

 private:
  Error tooShort(std::uint64_t offset, std::uint64_t length) const {
    return Error(ErrorCode::kCorruption,
                 "read " + path_ + ": has " + std::to_string(size_) + " bytes, but " +
                     std::to_string(length) + " from " + std::to_string(offset) + " were expected");
  }

  UniqueFd fd_;
  std::string path_;
  std::uint64_t size_;
};

Error notRegular(const std::string& what) {
  return Error(ErrorCode::kInvalidArgument, what + ": is no regular file");
}

/// Neither waits for the other end of a pipe nor touches a device.
Result<std::unique_ptr<FileReader>> openRegular(const std::string& path, int flags) {
  const std::string what = "open " + path;
  FileInfo named;
  if (const int error = describe(AT_FDCWD, path, named); error != 0) {
    return fileError(error, what);
  }
  if (named.link && (flags & O_NOFOLLOW) != 0) {
    return Error(ErrorCode::kInvalidArgument, what + ": is a symbolic link");
  }
  if (named.directory) {
    return Error(ErrorCode::kInvalidArgument, what + ": is a directory, not a file");
  }
  if (!named.regular) {
    return notRegular(what);
  }
  UniqueFd fd(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC | flags));
  struct stat info{};
  if (!fd || ::fstat(fd.get(), &info) != 0) {
    return fileError(errno, what);
  }
  if (!S_ISREG(info.st_mode)) {  // It was replaced meanwhile.
    return notRegular(what);
  }
  return std::make_unique<LocalReader>(
      std::move(fd), path, static_cast<std::uint64_t>(info.st_size));
}

}  // namespace

Result<std::unique_ptr<FileWriter>> LocalFileSystem::create(const std::string& path) {
  noteProgress();
  WEIR_TRY(auto local, localPath(path));
  const std::string directory = parentOf(local);
  WEIR_RETURN_IF_ERROR(makeDirectoriesAt(directory).during("create " + local));
  std::string temporary = join(directory, temporaryName(nameOf(local), random_));
  UniqueFd fd(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
  if (!fd) {
    return fileError(errno, "create " + local);
  }
  return std::make_unique<LocalWriter>(std::move(fd), std::move(temporary), std::move(local));
}

Result<std::unique_ptr<FileReader>> LocalFileSystem::open(const std::string& path) {
  noteProgress();
  WEIR_TRY(auto local, localPath(path));
  return openRegular(local, 0);
}

Result<std::unique_ptr<FileReader>> LocalFileSystem::openNoLink(const std::string& path) {
  noteProgress();
  WEIR_TRY(auto local, localPath(path));
  return openRegular(local, O_NOFOLLOW);
}

Result<std::vector<FileInfo>> LocalFileSystem::list(const std::string& directory) {
  noteProgress();
  WEIR_TRY(auto local, localPath(directory));
  const Stream stream(::opendir(local.c_str()), &::closedir);
  if (!stream) {
    return fileError(errno, "list " + local);
  }
  std::vector<FileInfo> entries;
  const int error = forEachEntry(stream.get(), [&](const std::string& name) {
    FileInfo info;
    // An entry that is gone since is left out.
    if (!isTemporary(name) && describe(::dirfd(stream.get()), name, info) == 0) {
      entries.push_back(std::move(info));
    }
  });
  if (error != 0) {
    return fileError(error, "list " + local);
  }
  std::ranges::sort(entries, {}, &FileInfo::name);
  return entries;
}

Result<FileInfo> LocalFileSystem::stat(const std::string& path) {
  noteProgress();
  WEIR_TRY(auto local, localPath(path));
  FileInfo info;
  if (const int error = describe(AT_FDCWD, local, info); error != 0) {
    return fileError(error, "look at " + local);
  }
  return info;
}

Status LocalFileSystem::makeDirectories(const std::string& directory) {
  noteProgress();
  WEIR_TRY(auto local, localPath(directory));
  return makeDirectoriesAt(local);
}

Status LocalFileSystem::remove(const std::string& path) {
  noteProgress();
  WEIR_TRY(auto local, localPath(path));
  if (std::remove(local.c_str()) != 0 && errno != ENOENT && errno != ENOTDIR) {
    return fileError(errno, "delete " + local);
  }
  return ok();
}

Status LocalFileSystem::syncDirectory(const std::string& directory) {
  noteProgress();
  WEIR_TRY(auto local, localPath(directory));
  Status synced = syncEntries(local);
  return synced || synced.error().code() != ErrorCode::kNotFound ? synced : ok();
}

Status LocalFileSystem::removeAll(const std::string& directory) {
  noteProgress();
  WEIR_TRY(auto local, localPath(directory));
  std::error_code error;
  std::filesystem::remove_all(local, error);
  if (error && error != std::errc::no_such_file_or_directory) {
    return fileError(error.value(), "delete " + local);
  }
  return ok();
}

}  // namespace weir::fs
