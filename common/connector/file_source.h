#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "common/connector/pace.h"
#include "common/functions/checkpointed.h"
#include "common/functions/rich_function.h"
#include "common/functions/runtime_context.h"

namespace weir {

namespace connector {
class LineReader;
}  // namespace connector

/// A part of a file that is still to be read: the lines that begin in [offset, end).
struct FileSplit {
  std::string path;
  std::uint64_t offset = 0;
  std::uint64_t end = 0;
};

/// Reads text files line by line, each line once: bounded, parallel and replayable.
///
/// A path is a file or a directory, whose files are read in the order of their names; names that
/// start with '.' or '_' are passed over there. Files are dealt out to the subtasks in blocks of 64
/// MiB. A line is the bytes before "\n" or "\r\n" (or before the end of the file), whatever their
/// encoding; a '\r' elsewhere belongs to the line. A relative path is refused when the job is
/// submitted, as every process would understand another one.
///
/// The files must not change while they are read: what was found at the first start is read, and
/// after a restore only what was then left of it. The state is a list of FileSplit, so the source
/// restores at any parallelism.
///
/// Errors: open() and pollNext() throw std::runtime_error naming a path that does not exist, cannot
/// be read, is neither file nor directory (a pipe, say), or has become shorter.
class FileSource : public RichSourceFunction<std::string>, public ListCheckpointed<FileSplit> {
 public:
  explicit FileSource(std::string path);
  explicit FileSource(std::vector<std::string> paths);

  const std::vector<std::string>& inputPaths() const { return paths_; }

  /// Also the directories within the directories.
  FileSource& recursive(bool enabled = true);
  /// At most so many lines a second in all subtasks together; 0: without limit.
  FileSource& recordsPerSecond(double records);

  void open(RuntimeContext& context) override;
  InputStatus pollNext(SourceContext<std::string>& context) override;
  void close() override;
  std::vector<FileSplit> snapshotState(std::uint64_t checkpoint_id) override;
  void restoreState(const std::vector<FileSplit>& splits) override;

 private:
  std::vector<std::string> paths_;
  bool recursive_ = false;
  double rate_ = 0;
  Pace pace_;
  fs::FileSystem* files_ = nullptr;  // Of the process; since open().
  bool restored_ = false;
  std::deque<FileSplit> splits_;  // Still to be read; the first is open when there is a reader.
  // Made after open(), so that copies of the function for other subtasks never share one.
  std::shared_ptr<connector::LineReader> reader_;
};

}  // namespace weir
