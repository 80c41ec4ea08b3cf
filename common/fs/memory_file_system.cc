#include "common/fs/memory_file_system.h"

#include <algorithm>
#include <utility>

#include "common/fs/uri.h"

namespace weir::fs {

class MemoryFileSystem::Writer final : public FileWriter {
 public:
  Writer(MemoryFileSystem& files, std::string path)
      : files_(files), path_(std::move(path)), crashes_(files.crashes_) {}
  ~Writer() override {
    const std::lock_guard lock(files_.mutex_);
    if (!committed_ && crashes_ == files_.crashes_) {
      files_.used_ -= bytes_.size();
    }
  }
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  Status append(std::string_view bytes) override {
    const std::lock_guard lock(files_.mutex_);
    WEIR_RETURN_IF_ERROR(begin("write "));
    if (files_.limit_ && files_.used_ + bytes.size() > *files_.limit_) {
      return Error(ErrorCode::kResourceExhausted, "write " + path_ + ": no space left on device");
    }
    bytes_.append(bytes);
    files_.used_ += bytes.size();
    return ok();
  }

  Status commit() override {
    const std::lock_guard lock(files_.mutex_);
    WEIR_RETURN_IF_ERROR(begin("create "));
    if (files_.files_.contains(path_) || files_.isDirectory(path_)) {
      return Error(ErrorCode::kFailedPrecondition, "create " + path_ + ": the file exists already");
    }
    files_.addDirectories(parentOf(path_));
    files_.files_[path_] =
        std::make_shared<File>(File{.bytes = std::move(bytes_), .number = ++files_.commits_});
    committed_ = true;
    return ok();
  }

 private:
  Status begin(const std::string& what) {
    WEIR_RETURN_IF_ERROR(files_.countOperation(what + path_));
    if (committed_) {
      return Error(ErrorCode::kFailedPrecondition, path_ + " is already committed");
    }
    if (crashes_ != files_.crashes_) {
      return Error(ErrorCode::kIo, what + path_ + ": the machine crashed meanwhile");
    }
    return ok();
  }

  MemoryFileSystem& files_;
  std::string path_;
  std::string bytes_;
  std::uint64_t crashes_;
  bool committed_ = false;
};

class MemoryFileSystem::Reader final : public FileReader {
 public:
  Reader(MemoryFileSystem& files, std::string path, std::shared_ptr<const File> file)
      : files_(files), path_(std::move(path)), file_(std::move(file)) {}

  std::uint64_t size() const override { return file_->bytes.size(); }

  Result<std::string> read(std::uint64_t offset, std::uint64_t length) const override {
    {
      const std::lock_guard lock(files_.mutex_);
      WEIR_RETURN_IF_ERROR(files_.countOperation("read " + path_));
    }
    if (offset > size() || length > size() - offset) {
      return Error(ErrorCode::kCorruption,
                   "read " + path_ + ": has " + std::to_string(size()) + " bytes, but " +
                       std::to_string(length) + " from " + std::to_string(offset) +
                       " were expected");
    }
    return file_->bytes.substr(offset, length);
  }

 private:
  MemoryFileSystem& files_;
  std::string path_;
  std::shared_ptr<const File> file_;  // Shared with the table, which may delete it.
};

Status MemoryFileSystem::countOperation(std::string_view what) {
  ++operations_;
  if (const auto planned = planned_.find(operations_); planned != planned_.end()) {
    Error error = planned->second;
    planned_.erase(planned);
    return error.during(what);
  }
  if (always_) {
    return always_->during(what);
  }
  return ok();
}

bool MemoryFileSystem::isDirectory(const std::string& path) const {
  return path == "/" || directories_.contains(path);
}

void MemoryFileSystem::addDirectories(std::string path) {
  while (path != "/") {
    directories_.insert(path);
    path = parentOf(path);
  }
}

Result<std::unique_ptr<FileWriter>> MemoryFileSystem::create(const std::string& path) {
  WEIR_TRY(auto local, localPath(path));
  const std::lock_guard lock(mutex_);
  WEIR_RETURN_IF_ERROR(countOperation("create " + local));
  addDirectories(parentOf(local));
  return std::make_unique<Writer>(*this, std::move(local));
}

Result<std::unique_ptr<FileReader>> MemoryFileSystem::open(const std::string& path) {
  WEIR_TRY(auto local, localPath(path));
  const std::lock_guard lock(mutex_);
  WEIR_RETURN_IF_ERROR(countOperation("open " + local));
  const auto found = files_.find(local);
  if (found == files_.end()) {
    return isDirectory(local)
               ? Error(ErrorCode::kInvalidArgument,
                       "open " + local + ": is a directory, not a file")
               : Error(ErrorCode::kNotFound, "open " + local + ": no such file or directory");
  }
  return std::make_unique<Reader>(*this, std::move(local), found->second);
}

Result<std::unique_ptr<FileReader>> MemoryFileSystem::openNoLink(const std::string& path) {
  return open(path);  // There are no links here.
}

Result<std::vector<FileInfo>> MemoryFileSystem::list(const std::string& directory) {
  WEIR_TRY(auto local, localPath(directory));
  const std::lock_guard lock(mutex_);
  WEIR_RETURN_IF_ERROR(countOperation("list " + local));
  if (!isDirectory(local)) {
    return Error(ErrorCode::kNotFound, "list " + local + ": no such directory");
  }
  std::map<std::string, FileInfo> entries;
  for (const auto& [path, file] : files_) {
    if (parentOf(path) == local) {
      entries[nameOf(path)] = {.name = nameOf(path),
                               .directory = false,
                               .size = file->bytes.size(),
                               .modified_millis = file->number,
                               .regular = true,
                               .identity = path};
    }
  }
  for (const std::string& path : directories_) {
    if (parentOf(path) == local) {
      entries[nameOf(path)] = {.name = nameOf(path), .directory = true, .identity = path};
    }
  }
  std::vector<FileInfo> sorted;
  for (auto& [name, info] : entries) {
    sorted.push_back(std::move(info));
  }
  return sorted;
}

Result<FileInfo> MemoryFileSystem::stat(const std::string& path) {
  WEIR_TRY(auto local, localPath(path));
  const std::lock_guard lock(mutex_);
  WEIR_RETURN_IF_ERROR(countOperation("look at " + local));
  if (const auto found = files_.find(local); found != files_.end()) {
    return FileInfo{.name = nameOf(local),
                    .directory = false,
                    .size = found->second->bytes.size(),
                    .modified_millis = found->second->number,
                    .regular = true,
                    .identity = local};
  }
  if (isDirectory(local)) {
    return FileInfo{.name = nameOf(local), .directory = true, .identity = local};
  }
  return Error(ErrorCode::kNotFound, "look at " + local + ": no such file or directory");
}

Status MemoryFileSystem::makeDirectories(const std::string& directory) {
  WEIR_TRY(auto local, localPath(directory));
  const std::lock_guard lock(mutex_);
  WEIR_RETURN_IF_ERROR(countOperation("make directory " + local));
  addDirectories(std::move(local));
  return ok();
}

Status MemoryFileSystem::remove(const std::string& path) {
  WEIR_TRY(auto local, localPath(path));
  const std::lock_guard lock(mutex_);
  WEIR_RETURN_IF_ERROR(countOperation("delete " + local));
  if (const auto found = files_.find(local); found != files_.end()) {
    used_ -= found->second->bytes.size();
    files_.erase(found);
    return ok();
  }
  const std::string inside = local + "/";
  const auto file = files_.lower_bound(inside);
  const auto directory = directories_.lower_bound(inside);
  if ((file != files_.end() && file->first.starts_with(inside)) ||
      (directory != directories_.end() && directory->starts_with(inside))) {
    return Error(ErrorCode::kFailedPrecondition, "delete " + local + ": directory not empty");
  }
  directories_.erase(local);
  return ok();
}

Status MemoryFileSystem::removeFile(const std::string& path) {
  WEIR_TRY(auto local, localPath(path));
  const std::lock_guard lock(mutex_);
  WEIR_RETURN_IF_ERROR(countOperation("delete " + local));
  if (isDirectory(local)) {
    return Error(ErrorCode::kFailedPrecondition, "delete " + local + ": is no regular file");
  }
  if (const auto found = files_.find(local); found != files_.end()) {
    used_ -= found->second->bytes.size();
    files_.erase(found);
  }
  return ok();
}

Status MemoryFileSystem::syncDirectory(const std::string& directory) {
  WEIR_TRY(auto local, localPath(directory));
  const std::lock_guard lock(mutex_);
  return countOperation("sync directory " + local);
}

Status MemoryFileSystem::removeDirectory(const std::string& directory) {
  WEIR_TRY(auto local, localPath(directory));
  {
    const std::lock_guard lock(mutex_);
    if (files_.contains(local)) {
      return Error(ErrorCode::kFailedPrecondition, "delete " + local + ": is no directory");
    }
  }
  return remove(local);
}

Status MemoryFileSystem::removeAll(const std::string& directory) {
  WEIR_TRY(auto local, localPath(directory));
  const std::lock_guard lock(mutex_);
  WEIR_RETURN_IF_ERROR(countOperation("delete " + local));
  const std::string inside = local == "/" ? local : local + "/";
  std::erase_if(files_, [&](const auto& entry) {
    const bool gone = entry.first == local || entry.first.starts_with(inside);
    used_ -= gone ? entry.second->bytes.size() : 0;
    return gone;
  });
  std::erase_if(directories_,
                [&](const std::string& path) { return path == local || path.starts_with(inside); });
  return ok();
}

std::uint64_t MemoryFileSystem::operations() const {
  const std::lock_guard lock(mutex_);
  return operations_;
}

void MemoryFileSystem::failOperation(std::uint64_t nth, Error error) {
  const std::lock_guard lock(mutex_);
  planned_.insert_or_assign(operations_ + nth, std::move(error));
}

void MemoryFileSystem::failEverything(std::optional<Error> error) {
  const std::lock_guard lock(mutex_);
  always_ = std::move(error);
}

void MemoryFileSystem::limitBytes(std::optional<std::uint64_t> bytes) {
  const std::lock_guard lock(mutex_);
  limit_ = bytes;
}

void MemoryFileSystem::loseEverythingNotSynced() {
  const std::lock_guard lock(mutex_);
  ++crashes_;
  used_ = 0;
  for (const auto& [path, file] : files_) {
    used_ += file->bytes.size();
  }
}

Status MemoryFileSystem::corrupt(const std::string& path, std::string bytes) {
  WEIR_TRY(auto local, localPath(path));
  const std::lock_guard lock(mutex_);
  const auto found = files_.find(local);
  if (found == files_.end()) {
    return Error(ErrorCode::kNotFound, "corrupt " + local + ": no such file");
  }
  used_ = used_ - found->second->bytes.size() + bytes.size();
  found->second =
      std::make_shared<File>(File{.bytes = std::move(bytes), .number = found->second->number});
  return ok();
}

Status MemoryFileSystem::truncate(const std::string& path, std::uint64_t size) {
  WEIR_TRY(auto bytes, readAll(*this, path));
  bytes.resize(std::min<std::uint64_t>(size, bytes.size()));
  return corrupt(path, std::move(bytes));
}

std::vector<std::string> MemoryFileSystem::files() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> paths;
  for (const auto& [path, file] : files_) {
    paths.push_back(path);
  }
  return paths;
}

}  // namespace weir::fs
