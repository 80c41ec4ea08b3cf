#pragma once

#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>

#include "common/base/clock.h"
#include "common/base/result.h"
#include "common/runtime/deployment.h"
#include "taskmanager/daemon/blobcache/blob_transport.h"

namespace weir::taskmanager {

/// Files of programs, kept by content in one directory that belongs to this task manager.
///
/// Lives as long as the task manager; what it holds is forgotten at its start. Every file in it has
/// the size and SHA-256 of its name. Threads: any; get() blocks while it fetches, and requests for
/// one blob wait for the same download.
class BlobCache {
 public:
  /// `directory` is made; `capacity` bounds, in bytes, what no job retains.
  static Result<std::unique_ptr<BlobCache>> open(std::string directory,
                                                 std::uint64_t capacity,
                                                 BlobTransport& transport,
                                                 const Clock& clock);

  /// The local path of the blob, fetched unless it is here, mode 0755. It is retained for `job`
  /// until release(). Errors: those of the transport; kCorruption when other bytes came.
  Result<std::string> get(const runtime::BlobKey& key, const JobId& job);

  /// Nothing is retained for this job any more.
  void release(const JobId& job);
  /// The same for all jobs.
  void releaseAll();
  /// Deletes what no job retains and nobody asked for since `before`.
  void dropUnusedSince(SteadyTime before);

  /// Bytes in the cache.
  std::uint64_t size() const;

 private:
  struct Entry {
    std::uint64_t size = 0;
    bool present = false;  ///< Else somebody is fetching it.
    SteadyTime used;
    std::set<JobId> jobs;
  };

  BlobCache(std::string directory,
            std::uint64_t capacity,
            BlobTransport& transport,
            const Clock& clock);
  Status download(const runtime::BlobKey& key) const;
  std::string pathOf(const std::string& sha256) const;
  void evict();  // With mutex_ held.
  void remove(std::map<std::string, Entry>::iterator entry);

  const std::string directory_;
  const std::uint64_t capacity_;
  BlobTransport& transport_;  // Borrowed from the task manager, as is the clock.
  const Clock& clock_;
  mutable std::mutex mutex_;
  std::condition_variable fetched_;
  std::map<std::string, Entry> entries_;  // By SHA-256.
};

/// Writes what `transport` has under `key` to the new file `path` with this mode. kCorruption, and
/// no file, unless it has `size` bytes and this SHA-256; if that is empty, the first `size` bytes
/// of it, whatever they are.
Status fetchToFile(BlobTransport& transport,
                   const std::string& key,
                   std::uint64_t size,
                   const std::string& sha256,
                   const std::string& path,
                   unsigned mode);

}  // namespace weir::taskmanager
