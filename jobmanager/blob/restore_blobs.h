#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "common/runtime/restores.h"
#include "jobmanager/blob/offered_blobs.h"

namespace weir::blob {

/// Up to so many bytes of state travel inside of the messages that deploy a job.
inline constexpr std::uint64_t kMostInlineRestore = 1 << 20;
/// About so large are the blobs that hold more: a task manager fetches those that its share needs.
inline constexpr std::uint64_t kRestoreBlob = 4 << 20;

/// Where `restores` holds more than `most` bytes itself, they are offered in blobs of about
/// `blob_bytes` instead, in order, and its handles name ranges of these. The same state gives the
/// same blobs. They can be fetched for as long as the answer lives.
std::vector<std::unique_ptr<OfferedBlobs::Offer>> offerInline(
    runtime::Restores& restores,
    OfferedBlobs& blobs,
    std::uint64_t most = kMostInlineRestore,
    std::uint64_t blob_bytes = kRestoreBlob);

}  // namespace weir::blob
