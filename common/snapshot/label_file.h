#pragma once

#include <cstdint>
#include <string>

#include "common/base/result.h"
#include "common/fs/file_system.h"

/// What the owner of a snapshot wrote beside it, for people; common/wire/metadata_format.md has the
/// layout of the file. All functions block.
namespace weir::snapshot {

inline constexpr std::uint64_t kMostLabelBytes = 1024;

/// The label of the snapshot in `directory`; empty when it has none. kCorruption when the file is
/// not as it was written.
Result<std::string> readLabel(fs::FileSystem& files, const std::string& directory);
/// Takes the place of one that was there; whatever goes wrong leaves the old one or the new one.
/// kInvalidArgument for a text that is empty, too long, no UTF-8, or has control characters.
Status writeLabel(fs::FileSystem& files, const std::string& directory, const std::string& text);
/// Ok when there is none. What was cut short leaves the label as it was.
Status removeLabel(fs::FileSystem& files, const std::string& directory);

}  // namespace weir::snapshot
