#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "common/base/result.h"
#include "common/fs/file_system.h"
#include "common/runtime/section_handle.h"
#include "common/state/section.h"

namespace weir::snapshot {

/// Opens sections of snapshots for reading, wherever they lie: in their handle or in a file.
///
/// However many sections one opener has opened, it holds few files open; what it returns shares
/// them, and owns all else that it needs but `files`. The bytes are checked before anything is
/// read from them. A section whose state lies in tables that checkpoints share is written out in
/// the canonical format first, into a temporary file, for which RocksDB is needed. On one thread,
/// with all that it has opened. Errors: kCorruption and those of the file system, naming the file;
/// kInvalidArgument for a file that no snapshot names like that.
class SectionOpener {
 public:
  using OnRead = std::function<void(std::uint64_t bytes)>;

  /// `on_read` hears of each read of a file of state; what it throws passes through.
  explicit SectionOpener(fs::FileSystem& files, OnRead on_read = {});

  /// The location of `handle` is absolute.
  Result<std::shared_ptr<state::SectionReader>> open(const runtime::SectionHandle& handle);

 private:
  class OpenFiles;
  class FileSource;

  Result<std::unique_ptr<state::ByteSource>> sourceOf(const runtime::SectionHandle& handle);

  Result<std::unique_ptr<state::ByteSource>> readTables(const runtime::SectionHandle& handle,
                                                        const state::ByteSource& section);

  fs::FileSystem& files_;            // Of the caller.
  std::shared_ptr<OpenFiles> open_;  // With the sections that were opened.
};

}  // namespace weir::snapshot
