#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "common/base/clock.h"
#include "common/base/ids.h"
#include "common/base/result.h"
#include "common/fs/file_system.h"
#include "common/runtime/deployment.h"

namespace weir::blob {

/// What state in the memory of the job manager may take.
struct StateLimits {
  std::uint64_t most = std::uint64_t{1} << 30;      ///< Bytes of all jobs together.
  Duration upload_lease = std::chrono::minutes(2);  ///< How long an upload waits to be claimed.
};

/// What one acknowledgement or snapshot holds of the state on the job manager.
struct StateShare {
  std::vector<runtime::BlobKey> blobs;  ///< Uploaded; one entry for each handle that names it.
  std::uint64_t inline_bytes = 0;       ///< That stand in the acknowledgement itself.
};

/// State of jobs that checkpoint to the job manager's memory, by content (SHA-256), each content
/// once, and the count of all its bytes.
///
/// An upload takes room when it begins, and is unclaimed when it is whole: it goes with its lease,
/// or when its job's uploads are forgotten, on their way or whole. A claim, of an acknowledgement
/// that names it, takes its place; what nobody claims any more goes at once. Room, unclaimed and
/// claimed blobs and the inline bytes of claims count against one limit. Threads: any; outlived by
/// nobody who holds room.
class StateStore {
 public:
  /// Bytes that are counted although they are not there yet. Given back with it.
  class Room {
   public:
    Room(Room&& other) noexcept
        : store_(other.store_), number_(other.number_), bytes_(std::exchange(other.bytes_, 0)) {}
    Room& operator=(Room&&) = delete;
    ~Room() {
      if (bytes_ > 0) {  // Else it was moved, perhaps under the store's lock.
        store_.giveBack(*this);
      }
    }

   private:
    friend class StateStore;
    Room(StateStore& store, std::uint64_t number, std::uint64_t bytes)
        : store_(store), number_(number), bytes_(bytes) {}

    StateStore& store_;  // Outlives us.
    std::uint64_t number_;
    std::uint64_t bytes_;
  };

  /// `clock` is borrowed.
  StateStore(const Clock& clock, const StateLimits& limits) : clock_(clock), limits_(limits) {}

  /// kResourceExhausted, naming `job` and all sizes, when the limit does not allow so many more.
  Result<Room> reserve(JobId job, std::uint64_t bytes);
  /// Keeps `bytes`, as large as `room`, for whoever of `job` claims them in time; nothing when its
  /// uploads were forgotten since the room was taken.
  runtime::BlobKey put(JobId job, std::string bytes, Room room);
  /// All of it or nothing. kNotFound for a blob that is not there, in this size; kResourceExhausted
  /// when there is no room for what stands inline.
  Status claim(JobId job, const StateShare& share);
  void release(const StateShare& share);
  /// Lets go of all that `job` has uploaded and not claimed, and of what is on its way.
  void forgetUploads(JobId job);
  /// Lets go of uploads whose lease has run out; how many bytes that were.
  std::uint64_t expireUploads();

  /// kNotFound when there is none. What was opened stays readable.
  Result<std::unique_ptr<fs::FileReader>> open(const std::string& sha256) const;
  Result<std::string> get(const std::string& sha256) const;

  /// All that counts against the limit.
  std::uint64_t bytes() const;
  /// All that was ever let go of.
  std::uint64_t released() const;

 private:
  struct Upload {
    JobId job;
    SteadyTime until;
  };
  struct Entry {
    std::shared_ptr<const std::string> bytes;  // Shared with readers that are still open.
    std::uint64_t claims = 0;
    std::vector<Upload> unclaimed;
  };
  using Entries = std::map<std::string, Entry>;  // By SHA-256.

  // With the lock:
  Status makeRoom(JobId job, std::uint64_t bytes);
  void subtract(std::uint64_t bytes);
  Entries::iterator dropIfUnneeded(Entries::iterator entry);
  template <typename Predicate>
  std::uint64_t dropUploads(Predicate drop);
  // Without it:
  void giveBack(const Room& room);

  const Clock& clock_;
  const StateLimits limits_;
  mutable std::mutex mutex_;
  Entries entries_;
  std::map<std::uint64_t, JobId> on_their_way_;  // By the number of their room.
  std::uint64_t rooms_ = 0;                      // That were ever taken.
  std::uint64_t bytes_ = 0;
  std::uint64_t released_ = 0;
  SteadyTime next_expiry_ = SteadyTime::max();
};

}  // namespace weir::blob
