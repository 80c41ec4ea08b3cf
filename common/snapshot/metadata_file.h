#pragma once

#include <cstdint>
#include <string>

#include "common/base/result.h"
#include "common/fs/file_system.h"
#include "common/runtime/checkpoint_metadata.h"

/// The metadata file of a snapshot, from its writing to its disposal. Everything here blocks.
namespace weir::snapshot {

/// What a metadata file may hold unless the configuration says otherwise.
inline constexpr std::uint64_t kMostMetadataBytes = 256 << 20;

/// Writes `<directory>/metadata`, durably. kResourceExhausted when it would be larger than what is
/// read again.
Status writeMetadata(fs::FileSystem& files,
                     const std::string& directory,
                     const runtime::CheckpointMetadata& metadata,
                     std::uint64_t most = kMostMetadataBytes);
/// Reads `<directory>/metadata` and checks all names in it; the data directory of the result is
/// never empty. kNotFound, saying that there is no savepoint at `named` (what the user wrote, if
/// given), when there is none; kCorruption or kInvalidArgument when it is not intact;
/// kResourceExhausted, before memory is taken, when it has more than `most` bytes.
Result<runtime::CheckpointMetadata> readMetadata(fs::FileSystem& files,
                                                 const std::string& directory,
                                                 const std::string& named = {},
                                                 std::uint64_t most = kMostMetadataBytes);

/// Ends the life of a snapshot before its state goes: from now on readMetadata() says that it is
/// being disposed, and only readDisposed() finds it. When it cannot, nothing has changed.
Status beginDisposal(fs::FileSystem& files,
                     const std::string& directory,
                     std::uint64_t most = kMostMetadataBytes);
/// The metadata of a snapshot whose disposal was begun; errors as those of readMetadata().
Result<runtime::CheckpointMetadata> readDisposed(fs::FileSystem& files,
                                                 const std::string& directory,
                                                 const std::string& named = {},
                                                 std::uint64_t most = kMostMetadataBytes);
/// Whether the disposal was begun, so that readMetadata() finds nothing.
Result<bool> isDisposed(fs::FileSystem& files, const std::string& directory);
/// Takes back beginDisposal() where nothing of the snapshot has gone yet.
Status endDisposalWhole(fs::FileSystem& files,
                        const std::string& directory,
                        std::uint64_t most = kMostMetadataBytes);
/// Notes, durably, beside the metadata of a disposal that was begun, that the state handles of
/// users' own making are discarded: a disposal that was cut short does not discard them twice.
Status noteHandlesDiscarded(fs::FileSystem& files, const std::string& directory);
Result<bool> areHandlesDiscarded(fs::FileSystem& files, const std::string& directory);
/// Removes what is left of the metadata, before or after beginDisposal().
Status removeMetadata(fs::FileSystem& files, const std::string& directory);

}  // namespace weir::snapshot
