#include "jobmanager/blob/restore_blobs.h"

#include <string>
#include <utility>

namespace weir::blob {

namespace {

using Storage = runtime::SectionHandle::Storage;

/// Collects sections until they make a blob.
class Packer {
 public:
  Packer(OfferedBlobs& blobs, std::uint64_t blob_bytes) : blobs_(blobs), blob_bytes_(blob_bytes) {}

  void add(runtime::SectionHandle& handle) {
    if (!bytes_.empty() && bytes_.size() + handle.bytes.size() > blob_bytes_) {
      flush();
    }
    handle.storage = Storage::kBlob;
    handle.offset = bytes_.size();
    bytes_ += std::exchange(handle.bytes, {});
    packed_.push_back(&handle);
  }

  std::vector<std::unique_ptr<OfferedBlobs::Offer>> finish() {
    flush();
    return std::move(offers_);
  }

 private:
  void flush() {
    if (packed_.empty()) {
      return;
    }
    offers_.push_back(blobs_.offer(std::exchange(bytes_, {})));
    for (runtime::SectionHandle* handle : std::exchange(packed_, {})) {
      handle->location = offers_.back()->sha256();
    }
  }

  OfferedBlobs& blobs_;
  const std::uint64_t blob_bytes_;
  std::string bytes_;
  std::vector<runtime::SectionHandle*> packed_;  // In bytes_, not offered yet.
  std::vector<std::unique_ptr<OfferedBlobs::Offer>> offers_;
};

}  // namespace

std::vector<std::unique_ptr<OfferedBlobs::Offer>> offerInline(runtime::Restores& restores,
                                                              OfferedBlobs& blobs,
                                                              std::uint64_t most,
                                                              std::uint64_t blob_bytes) {
  std::vector<runtime::SectionHandle*> held;
  std::uint64_t bytes = 0;
  for (auto& list : restores.lists) {
    for (runtime::RestoreSection& section : list) {
      if (section.handle.storage == Storage::kInline && !section.handle.bytes.empty()) {
        held.push_back(&section.handle);
        bytes += section.handle.bytes.size();
      }
    }
  }
  if (bytes <= most) {
    return {};
  }
  Packer packer(blobs, blob_bytes);
  for (runtime::SectionHandle* handle : held) {
    packer.add(*handle);
  }
  return packer.finish();
}

}  // namespace weir::blob
