#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "common/connector/file_source.h"
#include "common/fs/file_system.h"

namespace weir::connector {

/// Files are read in pieces of so many bytes.
inline constexpr std::uint64_t kFilePieceBytes = 256 * 1024;

/// Reads the lines of one FileSplit in large pieces. One thread.
///
/// A split that does not start with its file starts behind the first '\n' at or after offset - 1:
/// so a line belongs to the split in which it begins, and an offset between two lines loses none.
/// Errors: as of the file system, and kFailedPrecondition when the file is shorter than the split.
class LineReader {
 public:
  static Result<std::unique_ptr<LineReader>> open(fs::FileSystem& files, const FileSplit& split);

  /// The next line without its "\n" or "\r\n", valid until the next call; nothing at the end of the
  /// split.
  Result<std::optional<std::string_view>> next();
  /// Where the next line begins.
  std::uint64_t position() const { return position_; }

 private:
  LineReader(std::unique_ptr<fs::FileReader> file, FileSplit split);
  /// Finds the end of the line at begin_, reading as far as needed; sets whether a '\n' ends it.
  Result<std::size_t> findEnd(bool& terminated);
  Status fill();

  std::unique_ptr<fs::FileReader> file_;
  FileSplit split_;
  std::uint64_t position_ = 0;  // In the file, of buffer_[begin_].
  std::string buffer_;
  std::size_t begin_ = 0;
};

constexpr std::uint64_t kBlockBytes = 64 * 1024 * 1024;
constexpr std::uint64_t kWholeFiles = UINT64_MAX;  // As block size: files are not cut.

/// The files below `paths` in order, cut into blocks; only those of `subtask` among `parallelism`.
Result<std::vector<FileSplit>> splitsOf(fs::FileSystem& files,
                                        const std::vector<std::string>& paths,
                                        bool recursive,
                                        std::uint32_t subtask,
                                        std::uint32_t parallelism,
                                        std::uint64_t block_bytes = kBlockBytes);

}  // namespace weir::connector
