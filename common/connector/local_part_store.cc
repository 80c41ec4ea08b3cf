// Part files on this machine.

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/unique_fd.h"
#include "common/connector/local_files.h"
#include "common/connector/part_store.h"
#include "common/connector/write_all.h"
#include "common/fs/uri.h"

namespace weir::connector {
namespace {

/// Makes a directory with those above it; each new one is there after a crash, too.
Status makeLocalDirectories(const std::string& path) {
  WEIR_TRY(const auto there, lookAt(path));
  if (there) {
    return ok();  // What is no directory is told of by who puts a file into it.
  }
  const std::string parent = fs::parentOf(path);
  if (parent != path) {
    WEIR_RETURN_IF_ERROR(makeLocalDirectories(parent));
  }
  WEIR_RETURN_IF_ERROR(makeDirectory(path));
  return syncDirectory(parent);
}

/// rename() that replaces nothing, as errno.
int renameTo(const std::string& from, const std::string& to) {
  if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0) {
    return 0;
  }
  if (errno != EINVAL && errno != ENOSYS) {
    return errno;
  }
  // The file system does not know the flag.
  return ::link(from.c_str(), to.c_str()) == 0 && ::unlink(from.c_str()) == 0 ? 0 : errno;
}

class LocalPartFile final : public PartStore::File {
 public:
  LocalPartFile(UniqueFd fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}
  Status append(std::string_view rows) override { return writeAll(fd_.get(), rows, path_); }
  Status close() override {
    WEIR_RETURN_IF_ERROR(syncFile(fd_.get(), path_));
    fd_ = UniqueFd();
    return ok();
  }

 private:
  UniqueFd fd_;
  const std::string path_;
};

class LocalPartStore final : public PartStore {
 public:
  Result<std::unique_ptr<File>> create(const std::string& path) override {
    WEIR_RETURN_IF_ERROR(makeLocalDirectories(fs::parentOf(path)));
    UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
    if (!fd) {
      return systemError(errno, "create " + path);
    }
    return std::unique_ptr<File>(std::make_unique<LocalPartFile>(std::move(fd), path));
  }

  std::size_t mostOpen() const override {
    constexpr std::size_t kMostOpen = 64;
    return kMostOpen;
  }

  Status keepDirectory(const std::string& directory) override { return syncDirectory(directory); }

  Status publish(const PartFile& file) override {
    WEIR_RETURN_IF_ERROR(makeLocalDirectories(fs::parentOf(file.committed)));
    const int cause = renameTo(file.temporary, file.committed);
    if (cause == 0) {
      return ok();
    }
    if (cause == ENOENT) {
      WEIR_TRY(const auto there, lookAt(file.committed));
      if (there) {
        return ok();  // It was committed before.
      }
    }
    Error error = systemError(cause, "commit " + file.temporary + " as " + file.committed);
    return cause == ENOENT || cause == EEXIST
               ? std::move(error).advise(
                     "let nothing but its job touch the files of a sink; bring the file back, or "
                     "start without the state of this sink")
               : std::move(error);
  }

  void removeUnfinished(const std::vector<PartFile>& /*files*/) override {}  // None was copied.

  Result<std::vector<std::string>> names(const std::string& directory) override {
    return namesIn(directory);
  }

  Status remove(const std::string& path) override {
    return ::unlink(path.c_str()) == 0 || errno == ENOENT
               ? ok()
               : Status(systemError(errno, "remove " + path));
  }

  void removeDirectory(const std::string& directory) override { ::rmdir(directory.c_str()); }
};

}  // namespace

std::unique_ptr<PartStore> PartStore::local() { return std::make_unique<LocalPartStore>(); }

}  // namespace weir::connector
