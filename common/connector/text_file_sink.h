#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "common/functions/checkpointed.h"
#include "common/functions/functions.h"
#include "common/functions/rich_function.h"
#include "common/functions/runtime_context.h"

namespace weir {

namespace connector {
class Descriptor;
}  // namespace connector

/// A file and how much of it belongs to a snapshot.
struct WrittenFile {
  std::string path;
  std::uint64_t bytes = 0;
};

/// Writes each record as a line of a text file: of `path` itself at parallelism 1, else of
/// `path`/1, `path`/2, ... by subtask. A relative path is one in the working directory of the
/// worker.
///
/// A fresh start empties the files. A restore cuts each file to what it held at the snapshot and
/// goes on there, so that with checkpoints every line is in the files exactly once at the end;
/// until then a reader may see lines that a failure takes back. All workers must see the same
/// directory. After a restore at another parallelism a subtask goes on with the files that fell to
/// it, and one that got none starts `path`/<n> (`path`.<n> where `path` is a file of parallelism
/// 1), with .1 and so on behind it if that is taken. A program that names another path than the
/// snapshot's leaves the old files alone and starts there.
///
/// Lines are in the file at the latest 100 ms after the next line, at a checkpoint, and at the end.
/// Errors: exceptions naming the file.
class TextFileSink : public RichSinkFunction<std::string>, public ListCheckpointed<WrittenFile> {
 public:
  explicit TextFileSink(std::string path) : path_(std::move(path)) {}

  void open(RuntimeContext& context) override;
  void invoke(const std::string& line) override;
  void endInput() override;
  void close() override;
  std::vector<WrittenFile> snapshotState(std::uint64_t checkpoint_id) override;
  void restoreState(const std::vector<WrittenFile>& files) override;

 private:
  void openFresh(const std::string& path, bool may_exist);
  void openRestored();
  void flush();

  std::string path_;
  bool restored_ = false;
  std::vector<WrittenFile> files_;  // The first is being written.
  // Made after open(), so that copies of the function for other subtasks never share one.
  std::shared_ptr<connector::Descriptor> file_;
  std::string buffer_;
  bool unsynced_ = false;
  std::chrono::steady_clock::time_point flushed_{};
};

}  // namespace weir
