#include "taskmanager/daemon/blobcache/blob_cache.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/fs/digest.h"

namespace weir::taskmanager {

namespace {

constexpr mode_t kMode = 0755;

bool isDigest(const std::string& text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

/// Of this machine's disk: a file that is missing here says nothing about the job manager.
Error diskError(int error, const std::string& what) {
  return {ErrorCode::kIo, systemError(error, what).message()};
}

/// Whether the file is still the one that was fetched: cleaners of temporary files delete and
/// replace. Makes it executable again where that is all it lacks.
bool isIntact(const std::string& path, std::uint64_t size, const std::string& sha256) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (fd < 0) {
    return false;
  }
  struct stat info{};
  bool intact = ::fstat(fd, &info) == 0 && S_ISREG(info.st_mode) &&
                static_cast<std::uint64_t>(info.st_size) == size;
  if (intact) {
    fs::Sha256 digest;
    std::array<char, 64 * 1024> bytes;
    ssize_t got = 0;
    while ((got = ::read(fd, bytes.data(), bytes.size())) > 0) {
      digest.update({bytes.data(), static_cast<std::size_t>(got)});
    }
    intact = got == 0 && digest.finish() == sha256 &&
             ((info.st_mode & 0777) == kMode || ::fchmod(fd, kMode) == 0);
  }
  ::close(fd);
  return intact;
}

Status writeFully(int fd, std::string_view bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) {
      continue;
    }
    if (written < 0) {
      return diskError(errno, "write " + path);
    }
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return ok();
}

Status receive(BlobTransport& transport,
               const std::string& key,
               std::uint64_t size,
               const std::string& sha256,
               int fd,
               const std::string& path) {
  fs::Sha256 digest;
  std::uint64_t received = 0;
  WEIR_RETURN_IF_ERROR(
      transport.fetch(key, sha256.empty() ? size : 0, [&](std::string_view piece) -> Status {
        received += piece.size();
        if (received > size) {
          return Error(ErrorCode::kCorruption,
                       "blob " + key + " is longer than the " + std::to_string(size) +
                           " bytes it should have");
        }
        digest.update(piece);
        return writeFully(fd, piece, path);
      }));
  if (received != size) {
    return Error(ErrorCode::kCorruption,
                 "blob " + key + " has " + std::to_string(received) + " bytes instead of " +
                     std::to_string(size));
  }
  if (const std::string actual = digest.finish(); !sha256.empty() && actual != sha256) {
    return Error(ErrorCode::kCorruption,
                 "blob " + sha256 + " arrived with other content (SHA-256 " + actual + ")");
  }
  return ok();
}

}  // namespace

Status fetchToFile(BlobTransport& transport,
                   const std::string& key,
                   std::uint64_t size,
                   const std::string& sha256,
                   const std::string& path,
                   unsigned mode) {
  const std::string part = path + ".part";
  ::unlink(part.c_str());
  const int fd = ::open(part.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
  if (fd < 0) {
    return diskError(errno, "create " + part);
  }
  Status status = receive(transport, key, size, sha256, fd, part);
  if (status && ::fchmod(fd, mode) != 0) {
    status = diskError(errno, "chmod " + part);
  }
  ::close(fd);
  if (status && ::rename(part.c_str(), path.c_str()) != 0) {
    status = diskError(errno, "rename " + part);
  }
  if (!status) {
    ::unlink(part.c_str());
  }
  return status;
}

Result<std::unique_ptr<BlobCache>> BlobCache::open(std::string directory,
                                                   std::uint64_t capacity,
                                                   BlobTransport& transport,
                                                   const Clock& clock) {
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  if (error) {
    return systemError(error.value(), "create directory " + directory);
  }
  return std::unique_ptr<BlobCache>(
      new BlobCache(std::move(directory), capacity, transport, clock));
}

BlobCache::BlobCache(std::string directory,
                     std::uint64_t capacity,
                     BlobTransport& transport,
                     const Clock& clock)
    : directory_(std::move(directory)), capacity_(capacity), transport_(transport), clock_(clock) {}

std::string BlobCache::pathOf(const std::string& sha256) const { return directory_ + "/" + sha256; }

Status BlobCache::download(const runtime::BlobKey& key) const {
  std::error_code error;
  std::filesystem::create_directories(directory_, error);  // It may have been deleted meanwhile.
  if (error) {
    return diskError(error.value(), "create directory " + directory_);
  }
  return fetchToFile(transport_, key.sha256, key.size, key.sha256, pathOf(key.sha256), kMode);
}

Result<std::string> BlobCache::get(const runtime::BlobKey& key, const JobId& job) {
  if (!isDigest(key.sha256)) {
    return Error(ErrorCode::kInvalidArgument, "\"" + key.sha256 + "\" is not a SHA-256 in hex");
  }
  std::unique_lock lock(mutex_);
  for (;;) {
    auto entry = entries_.find(key.sha256);
    if (entry == entries_.end()) {
      break;
    }
    if (entry->second.present) {
      break;
    }
    fetched_.wait(lock);
  }
  // Nobody else uses or removes it while it is looked at, or fetched.
  Entry& looked_at = entries_[key.sha256];
  const bool was_present = std::exchange(looked_at.present, false);
  looked_at.size = key.size;
  looked_at.jobs.insert(job);
  lock.unlock();
  Status status = ok();
  if (!was_present || !isIntact(pathOf(key.sha256), key.size, key.sha256)) {
    status = download(key);
  }
  lock.lock();
  if (!status) {
    entries_.erase(key.sha256);
  } else {
    Entry& entry = entries_[key.sha256];
    entry.present = true;
    entry.used = clock_.now();
    entry.jobs.insert(job);
    evict();
  }
  lock.unlock();
  fetched_.notify_all();
  WEIR_RETURN_IF_ERROR(std::move(status));
  return pathOf(key.sha256);
}

void BlobCache::remove(std::map<std::string, Entry>::iterator entry) {
  ::unlink(pathOf(entry->first).c_str());
  entries_.erase(entry);
}

void BlobCache::evict() {
  for (;;) {
    std::uint64_t unused = 0;
    auto oldest = entries_.end();
    for (auto entry = entries_.begin(); entry != entries_.end(); ++entry) {
      if (!entry->second.present || !entry->second.jobs.empty()) {
        continue;
      }
      unused += entry->second.size;
      if (oldest == entries_.end() || entry->second.used < oldest->second.used) {
        oldest = entry;
      }
    }
    if (unused <= capacity_) {
      return;
    }
    remove(oldest);
  }
}

void BlobCache::release(const JobId& job) {
  std::lock_guard lock(mutex_);
  for (auto& [sha256, entry] : entries_) {
    entry.jobs.erase(job);
  }
  evict();
}

void BlobCache::releaseAll() {
  std::lock_guard lock(mutex_);
  for (auto& [sha256, entry] : entries_) {
    entry.jobs.clear();
  }
  evict();
}

void BlobCache::dropUnusedSince(SteadyTime before) {
  std::lock_guard lock(mutex_);
  for (auto entry = entries_.begin(); entry != entries_.end();) {
    const auto next = std::next(entry);
    if (entry->second.present && entry->second.jobs.empty() && entry->second.used < before) {
      remove(entry);
    }
    entry = next;
  }
}

std::uint64_t BlobCache::size() const {
  std::lock_guard lock(mutex_);
  std::uint64_t bytes = 0;
  for (const auto& [sha256, entry] : entries_) {
    bytes += entry.present ? entry.size : 0;
  }
  return bytes;
}

}  // namespace weir::taskmanager
