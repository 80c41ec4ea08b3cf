#include "jobmanager/blob/state_store.h"

#include <algorithm>

#include "common/config/limit_options.h"
#include "common/fs/digest.h"
#include "jobmanager/blob/memory_reader.h"

namespace weir::blob {
namespace {

Error missingState(const std::string& sha256) {
  return Error(ErrorCode::kNotFound, "state " + sha256 + " is not on the job manager");
}

}  // namespace

// ------------------------------------------------------------------------------------------ room

Result<StateStore::Room> StateStore::reserve(JobId job, std::uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  WEIR_RETURN_IF_ERROR(makeRoom(job, bytes));
  on_their_way_.emplace(++rooms_, job);
  return Room(*this, rooms_, bytes);
}

Status StateStore::makeRoom(JobId job, std::uint64_t bytes) {
  if (bytes_ > limits_.most || bytes > limits_.most - bytes_) {
    const std::string key(config::kMaxState.key);
    return Error(ErrorCode::kResourceExhausted,
                 std::to_string(bytes) + " bytes of job " + job.hex() + " do not fit beside the " +
                     std::to_string(bytes_) + " bytes of state on the job manager: " + key +
                     " allows " + std::to_string(limits_.most))
        .advise("set state.backend: filesystem, or raise " + key);
  }
  bytes_ += bytes;
  return ok();
}

void StateStore::giveBack(const Room& room) {
  const std::lock_guard lock(mutex_);
  on_their_way_.erase(room.number_);
  subtract(room.bytes_);
}

void StateStore::subtract(std::uint64_t bytes) {
  bytes_ -= bytes;
  released_ += bytes;
}

// --------------------------------------------------------------------------------------- uploads

runtime::BlobKey StateStore::put(JobId job, std::string bytes, Room room) {
  runtime::BlobKey key{fs::sha256(bytes), bytes.size()};
  auto shared = std::make_shared<const std::string>(std::move(bytes));
  const std::lock_guard lock(mutex_);
  const std::uint64_t held = std::exchange(room.bytes_, 0);
  if (on_their_way_.erase(room.number_) == 0) {  // Forgotten meanwhile.
    subtract(held);
    return key;
  }
  Entry& entry = entries_[key.sha256];
  if (entry.bytes == nullptr) {
    entry.bytes = std::move(shared);  // What the room held is the entry's now.
  } else {
    subtract(held);
  }
  const SteadyTime until = clock_.now() + limits_.upload_lease;
  entry.unclaimed.push_back({job, until});
  next_expiry_ = std::min(next_expiry_, until);
  return key;
}

void StateStore::forgetUploads(JobId job) {
  const std::lock_guard lock(mutex_);
  std::erase_if(on_their_way_, [job](const auto& room) { return room.second == job; });
  dropUploads([job](const Upload& one) { return one.job == job; });
}

std::uint64_t StateStore::expireUploads() {
  const std::lock_guard lock(mutex_);
  const SteadyTime now = clock_.now();
  return now < next_expiry_ ? 0
                            : dropUploads([now](const Upload& one) { return one.until <= now; });
}

template <typename Predicate>
std::uint64_t StateStore::dropUploads(Predicate drop) {
  const std::uint64_t before = bytes_;
  next_expiry_ = SteadyTime::max();
  for (auto entry = entries_.begin(); entry != entries_.end();) {
    std::erase_if(entry->second.unclaimed, drop);
    for (const Upload& one : entry->second.unclaimed) {
      next_expiry_ = std::min(next_expiry_, one.until);
    }
    entry = dropIfUnneeded(entry);
  }
  return before - bytes_;
}

/// The next entry.
StateStore::Entries::iterator StateStore::dropIfUnneeded(Entries::iterator entry) {
  if (entry->second.claims > 0 || !entry->second.unclaimed.empty()) {
    return std::next(entry);
  }
  subtract(entry->second.bytes->size());
  return entries_.erase(entry);
}

// ---------------------------------------------------------------------------------------- claims

Status StateStore::claim(JobId job, const StateShare& share) {
  const std::lock_guard lock(mutex_);
  for (const runtime::BlobKey& key : share.blobs) {
    const auto found = entries_.find(key.sha256);
    if (found == entries_.end() || found->second.bytes->size() != key.size) {
      return missingState(key.sha256)
          .during("it names " + std::to_string(key.size) + " bytes of state of job " + job.hex())
          .advise("raise " + std::string(config::kStateUploadLease.key) +
                  " if acknowledgements come so late");
    }
  }
  WEIR_RETURN_IF_ERROR(makeRoom(job, share.inline_bytes));
  for (const runtime::BlobKey& key : share.blobs) {
    Entry& entry = entries_.at(key.sha256);
    ++entry.claims;
    const auto upload = std::ranges::find(entry.unclaimed, job, &Upload::job);
    if (upload != entry.unclaimed.end()) {
      entry.unclaimed.erase(upload);
    }
  }
  return ok();
}

void StateStore::release(const StateShare& share) {
  const std::lock_guard lock(mutex_);
  subtract(share.inline_bytes);
  for (const runtime::BlobKey& key : share.blobs) {
    if (const auto found = entries_.find(key.sha256); found != entries_.end()) {
      found->second.claims -= found->second.claims > 0 ? 1 : 0;
      dropIfUnneeded(found);
    }
  }
}

// ---------------------------------------------------------------------------------------- reading

Result<std::unique_ptr<fs::FileReader>> StateStore::open(const std::string& sha256) const {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(sha256);
  if (found == entries_.end()) {
    return missingState(sha256);
  }
  return std::unique_ptr<fs::FileReader>(std::make_unique<MemoryReader>(found->second.bytes));
}

Result<std::string> StateStore::get(const std::string& sha256) const {
  WEIR_TRY(const auto reader, open(sha256));
  return reader->read(0, reader->size());  // Copied outside of the lock.
}

std::uint64_t StateStore::bytes() const {
  const std::lock_guard lock(mutex_);
  return bytes_;
}

std::uint64_t StateStore::released() const {
  const std::lock_guard lock(mutex_);
  return released_;
}

}  // namespace weir::blob
