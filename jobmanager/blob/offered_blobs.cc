#include "jobmanager/blob/offered_blobs.h"

#include "common/fs/digest.h"
#include "jobmanager/blob/memory_reader.h"

namespace weir::blob {

std::unique_ptr<OfferedBlobs::Offer> OfferedBlobs::offer(std::string bytes) {
  std::string key = fs::sha256(bytes);
  auto shared = std::make_shared<const std::string>(std::move(bytes));
  {
    const std::lock_guard lock(mutex_);
    Offered& offered = offered_[key];
    ++offered.offers;
    offered.bytes = std::move(shared);
  }
  return std::make_unique<Offer>(*this, std::move(key));
}

std::unique_ptr<fs::FileReader> OfferedBlobs::open(const std::string& sha256) const {
  const std::lock_guard lock(mutex_);
  const auto found = offered_.find(sha256);
  return found == offered_.end() ? nullptr : std::make_unique<MemoryReader>(found->second.bytes);
}

void OfferedBlobs::withdraw(const std::string& sha256) {
  const std::lock_guard lock(mutex_);
  const auto found = offered_.find(sha256);
  if (found != offered_.end() && --found->second.offers == 0) {
    offered_.erase(found);
  }
}

}  // namespace weir::blob
