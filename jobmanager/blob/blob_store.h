#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/base/clock.h"
#include "common/base/ids.h"
#include "common/base/random.h"
#include "common/base/result.h"
#include "common/fs/digest.h"
#include "common/fs/file_system.h"
#include "common/runtime/deployment.h"
#include "jobmanager/blob/offered_blobs.h"
#include "jobmanager/blob/state_store.h"

namespace weir::blob {

/// What the job manager keeps by content (SHA-256): files of programs in a directory, and state of
/// jobs without checkpoint directory in memory (`state_store.h`).
///
/// A file stays while a job retains it, and `kLease` after it was last put or asked for, so that a
/// client has time to submit. Lives as long as the job manager; the directory is its own and goes
/// with it, unless it was adopted.
///
/// Others delete below directories of temporary files. Whoever asks for a file makes the store look
/// whether it is still there in its whole size, and who reads it whole, whether its content is that
/// of its key: a file that is gone or damaged counts as missing until it is uploaded again.
///
/// Threads: any; files are read and written on the caller's.
class BlobStore {
 public:
  static constexpr Duration kLease = std::chrono::minutes(15);

  /// A file on its way in; gone if destroyed before finish(). Belongs to one thread, and must not
  /// outlive the store.
  class Upload {
   public:
    /// kInvalidArgument for more bytes than were announced.
    Status append(std::string_view bytes);
    /// Makes the file available; kCorruption when the bytes are not those of its key.
    Status finish();

   private:
    friend class BlobStore;
    Upload(BlobStore& store,
           runtime::BlobKey key,
           std::string path,
           std::unique_ptr<fs::FileWriter> writer);

    BlobStore& store_;  // Outlives us.
    runtime::BlobKey key_;
    std::string path_;
    std::unique_ptr<fs::FileWriter> writer_;
    fs::Sha256 digest_;
    std::uint64_t received_ = 0;
  };

  /// Makes the directory again if it is gone; called before each upload, on any thread.
  using Restore = std::function<Status()>;

  /// Files go into `directory`, which is made when first needed and removed with the store. Clock,
  /// file system and randomness are borrowed.
  BlobStore(fs::FileSystem& files,
            std::string directory,
            const Clock& clock,
            Random& random,
            Restore restore = nullptr,
            const StateLimits& limits = {});
  ~BlobStore();
  BlobStore(const BlobStore&) = delete;
  BlobStore& operator=(const BlobStore&) = delete;

  // ---- files of programs

  /// Before anything else: the directory outlives this store. Files that an earlier one left are
  /// there again, each for as long as if it were put now.
  Status adopt();
  Result<std::unique_ptr<Upload>> put(const runtime::BlobKey& key);
  /// Whether the file is there in its size; extends its lease.
  bool has(const runtime::BlobKey& key);
  /// `job` needs these files until release(); kNotFound naming the first that is not there in its
  /// size. A repeated call adds.
  Status retain(JobId job, const std::vector<runtime::BlobKey>& keys);
  /// The job has ended: it needs no files, and nobody claims what it uploaded.
  void release(JobId job);

  // ---- state

  StateStore& state() { return state_; }

  // ---- state on its way to workers

  /// Independent of state(), and not counted there: a restore does not fail because snapshots need
  /// room.
  OfferedBlobs& offered() { return offered_; }

  // ---- all

  /// For ranged reads of a file or of state; kNotFound when there is neither. Stays readable when
  /// it is removed meanwhile, and must not outlive the store. A file that is read from its start to
  /// its end, in order, answers the last read with kCorruption when its content is another's.
  Result<std::unique_ptr<fs::FileReader>> open(const std::string& sha256);

 private:
  struct File {
    std::uint64_t size = 0;
    std::string path;  // Empty while the file is missing, whoever retains it.
    std::set<JobId> jobs;
    SteadyTime leased_until;
  };

  void add(const runtime::BlobKey& key, std::string path);
  /// Whether the file of this name is on the disk in its size; what is not is forgotten.
  bool present(const std::string& sha256);
  /// The file of this name at `path` is gone or damaged: it is to be uploaded again.
  void forget(const std::string& sha256, const std::string& path, std::string_view why);
  /// What a job is told whose file is gone.
  Error gone(const std::string& sha256) const;
  /// Deletes what nobody needs any more.
  void sweep();

  fs::FileSystem& files_;  // Borrowed, like clock and randomness, from main().
  const std::string directory_;
  const Clock& clock_;
  Random& random_;
  const Restore restore_;
  mutable std::mutex mutex_;
  std::map<std::string, File> entries_;  // By SHA-256.
  bool keeps_ = false;                   // The directory, at the end.
  StateStore state_;
  OfferedBlobs offered_;
};

}  // namespace weir::blob
