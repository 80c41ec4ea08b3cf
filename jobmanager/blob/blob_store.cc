#include "jobmanager/blob/blob_store.h"

#include <utility>

#include "common/fs/digest.h"
#include "common/fs/uri.h"
#include "common/telemetry/log.h"
#include "jobmanager/blob/checked_file.h"

namespace weir::blob {
namespace {

Error missing(const std::string& sha256) {
  return Error(ErrorCode::kNotFound, "blob " + sha256 + " is not on the job manager");
}

constexpr int kSuffixDigits = 8;
/// "<SHA-256>-<hex>", as files of the store are named; empty for all else.
std::string digestIn(const fs::FileInfo& file) {
  constexpr std::size_t kDigits = 64;
  const bool ours = file.regular && !file.link &&
                    file.name.size() == kDigits + 1 + static_cast<std::size_t>(kSuffixDigits) &&
                    file.name[kDigits] == '-' &&
                    file.name.find_first_not_of("0123456789abcdef-") == std::string::npos;
  return ours ? file.name.substr(0, kDigits) : std::string();
}

}  // namespace

BlobStore::Upload::Upload(BlobStore& store,
                          runtime::BlobKey key,
                          std::string path,
                          std::unique_ptr<fs::FileWriter> writer)
    : store_(store), key_(std::move(key)), path_(std::move(path)), writer_(std::move(writer)) {}

Status BlobStore::Upload::append(std::string_view bytes) {
  if (bytes.size() > key_.size - received_) {
    return Error(ErrorCode::kInvalidArgument,
                 "blob " + key_.sha256 + " has more than the " + std::to_string(key_.size) +
                     " bytes that were announced");
  }
  received_ += bytes.size();
  digest_.update(bytes);
  return writer_->append(bytes);
}

Status BlobStore::Upload::finish() {
  const std::string digest = digest_.finish();
  if (received_ != key_.size || digest != key_.sha256) {
    return Error(ErrorCode::kCorruption,
                 "blob " + key_.sha256 + " arrived as " + std::to_string(received_) +
                     " bytes with SHA-256 " + digest)
        .advise("send it again");
  }
  WEIR_RETURN_IF_ERROR(writer_->commit());
  store_.add(key_, path_);
  return ok();
}

BlobStore::BlobStore(fs::FileSystem& files,
                     std::string directory,
                     const Clock& clock,
                     Random& random,
                     Restore restore,
                     const StateLimits& limits)
    : files_(files),
      directory_(std::move(directory)),
      clock_(clock),
      random_(random),
      restore_(std::move(restore)),
      state_(clock, limits) {}

BlobStore::~BlobStore() {
  if (keeps_) {
    return;
  }
  // What cannot be removed is a temporary file that stays.
  static_cast<void>(files_.removeAll(directory_).has_value());
}

Status BlobStore::adopt() {
  keeps_ = true;
  WEIR_RETURN_IF_ERROR(files_.makeDirectories(directory_));
  WEIR_TRY(const auto found, files_.list(directory_));
  for (const fs::FileInfo& file : found) {
    if (const std::string digest = digestIn(file); !digest.empty()) {
      add({digest, file.size}, fs::join(directory_, file.name));
    }
  }
  return ok();
}

Result<std::unique_ptr<BlobStore::Upload>> BlobStore::put(const runtime::BlobKey& key) {
  sweep();
  if (restore_) {
    WEIR_RETURN_IF_ERROR(restore_());
  }
  std::string path;
  {
    const std::lock_guard lock(mutex_);
    // A name of its own for each upload: the removal of an old copy never meets a new one.
    path = fs::join(directory_, key.sha256 + "-" + random_.hex(kSuffixDigits));
  }
  WEIR_TRY(auto writer, files_.create(path));
  return std::unique_ptr<Upload>(new Upload(*this, key, std::move(path), std::move(writer)));
}

bool BlobStore::has(const runtime::BlobKey& key) {
  if (!present(key.sha256)) {
    return false;
  }
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(key.sha256);
  if (found == entries_.end() || found->second.path.empty() || found->second.size != key.size) {
    return false;
  }
  found->second.leased_until = clock_.now() + kLease;
  return true;
}

Status BlobStore::retain(JobId job, const std::vector<runtime::BlobKey>& keys) {
  for (const runtime::BlobKey& key : keys) {
    static_cast<void>(present(key.sha256));  // Forgets what is gone.
  }
  const std::lock_guard lock(mutex_);
  for (const runtime::BlobKey& key : keys) {
    const auto found = entries_.find(key.sha256);
    if (found == entries_.end() || found->second.path.empty()) {
      return missing(key.sha256).advise("upload it and submit again");
    }
  }
  for (const runtime::BlobKey& key : keys) {
    entries_[key.sha256].jobs.insert(job);
  }
  return ok();
}

void BlobStore::release(JobId job) {
  {
    const std::lock_guard lock(mutex_);
    for (auto& [digest, file] : entries_) {
      file.jobs.erase(job);
    }
  }
  state_.forgetUploads(job);
  sweep();
}

Result<std::unique_ptr<fs::FileReader>> BlobStore::open(const std::string& sha256) {
  if (auto state = state_.open(sha256)) {
    return *std::move(state);
  }
  if (auto offered = offered_.open(sha256)) {
    return offered;
  }
  std::string path;
  {
    const std::lock_guard lock(mutex_);
    const auto found = entries_.find(sha256);
    if (found == entries_.end()) {
      return missing(sha256);
    }
    path = found->second.path;
  }
  if (path.empty() || !present(sha256)) {
    return gone(sha256);
  }
  WEIR_TRY(auto file, files_.open(path));
  return std::unique_ptr<fs::FileReader>(std::make_unique<CheckedFile>(
      sha256, directory_, std::move(file), [this, sha256, path](std::string_view why) {
        forget(sha256, path, why);
      }));
}

bool BlobStore::present(const std::string& sha256) {
  File looked_at;
  {
    const std::lock_guard lock(mutex_);
    const auto found = entries_.find(sha256);
    if (found == entries_.end() || found->second.path.empty()) {
      return false;
    }
    looked_at.path = found->second.path;
    looked_at.size = found->second.size;
  }
  const auto info = files_.stat(looked_at.path);
  if (info && info->regular && !info->link && info->size == looked_at.size) {
    return true;
  }
  forget(sha256, looked_at.path, info ? "it has another size or kind" : info.error().message());
  return false;
}

void BlobStore::forget(const std::string& sha256, const std::string& path, std::string_view why) {
  {
    const std::lock_guard lock(mutex_);
    const auto found = entries_.find(sha256);
    if (found == entries_.end() || found->second.path != path) {
      return;  // Known, or uploaded again meanwhile.
    }
    found->second.path.clear();
  }
  log::warn(
      "a file of a program is gone or damaged: the next program that needs it has to be "
      "uploaded; something removes or changes files in the job manager's directory",
      {{"path", path}, {"why", std::string(why)}});
  static_cast<void>(files_.remove(path).has_value());
}

Error BlobStore::gone(const std::string& sha256) const {
  return Error(ErrorCode::kNotFound,
               "blob " + sha256 + " is gone from " + directory_ + " on the job manager")
      .advise(std::string(kSubmitAgain));
}

void BlobStore::add(const runtime::BlobKey& key, std::string path) {
  static_cast<void>(present(key.sha256));  // Else a file that is gone would stand for this one.
  std::string surplus;
  {
    const std::lock_guard lock(mutex_);
    File& file = entries_[key.sha256];
    file.size = key.size;
    file.leased_until = clock_.now() + kLease;
    if (file.path.empty()) {
      file.path = std::move(path);
    } else {
      surplus = std::move(path);  // Another client was faster with the same bytes.
    }
  }
  if (!surplus.empty()) {
    static_cast<void>(files_.remove(surplus).has_value());
  }
}

void BlobStore::sweep() {
  std::vector<std::string> unneeded;
  {
    const std::lock_guard lock(mutex_);
    const SteadyTime now = clock_.now();
    std::erase_if(entries_, [&](const auto& entry) {
      if (!entry.second.jobs.empty() || entry.second.leased_until > now) {
        return false;
      }
      if (!entry.second.path.empty()) {
        unneeded.push_back(entry.second.path);
      }
      return true;
    });
  }
  for (const std::string& path : unneeded) {
    static_cast<void>(files_.remove(path).has_value());
  }
}

}  // namespace weir::blob
