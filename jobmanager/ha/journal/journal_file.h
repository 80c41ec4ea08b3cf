#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/ids.h"
#include "common/base/result.h"
#include "common/fs/file_system.h"
#include "jobmanager/ha/journal/disk.h"

/// The bytes of one file of the journal; journal_format.md has the layout.
namespace weir::ha {

/// The header that stands before `snapshot_bytes` bytes of records that were there from the start.
std::string journalHeader(LeaderEpoch epoch, std::uint64_t snapshot_bytes);
std::uint64_t journalHeaderBytes();

/// What one record may hold.
inline constexpr std::uint64_t kMostRecordBytes = std::uint64_t{1} << 30;

/// Appends the record that stands at `offset` of its file.
void appendRecord(std::string& to, std::uint64_t offset, std::string_view payload);
std::uint64_t recordBytes(std::string_view payload);

struct JournalContents {
  LeaderEpoch epoch;
  std::vector<std::string_view> records;  ///< Views of what was parsed.
  std::uint64_t end = 0;                  ///< Where the last whole record ends.
};

/// Leaves out a last record that is not finished, which nobody was told is stored. kCorruption for
/// every other byte that is not as it was written, kInvalidArgument for a file that is no journal
/// or a newer release's; both name `path` and the byte, and say what to do.
Result<JournalContents> parseJournal(std::string_view image, const std::string& path);

/// All of a file, of `most` bytes at most. `goes_on` is called for each piece, of a size that a
/// slow disk gives in seconds.
Result<std::string> readPieces(const fs::FileReader& file,
                               const std::string& path,
                               std::uint64_t most,
                               const std::function<void()>& goes_on);
/// As Disk::write(), likewise.
Status writePieces(Disk& disk,
                   int file,
                   std::uint64_t offset,
                   std::string_view bytes,
                   const std::string& path,
                   const std::function<void()>& goes_on);

}  // namespace weir::ha
