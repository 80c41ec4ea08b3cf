#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "common/connector/written_file.h"
#include "common/functions/checkpointed.h"
#include "common/functions/functions.h"
#include "common/functions/rich_function.h"
#include "common/functions/runtime_context.h"

namespace weir {

namespace connector {
class TextOutput;
}  // namespace connector

/// What a file sink does where its path holds something that is not its job's.
enum class WriteMode : std::uint8_t {
  kNoOverwrite = 1,  ///< The job fails at its start, naming what is there.
  kOverwrite = 2,    ///< It is removed.
};

/// Writes each record as a line of a text file: of `path` itself at parallelism 1, else of
/// `path`/1, `path`/2, ... by subtask. All workers must see the same directory; a relative path is
/// refused when the job is submitted, as every process would understand another one.
///
/// A job that takes checkpoints commits its lines with them: they are appended to the file once a
/// checkpoint that knows them has completed, so that every line is there exactly once, and a file
/// never changes but by growing. Until then they lie in a hidden directory
/// `.<name>.in-progress-<job>` beside the file, which is gone when the job is FINISHED. A job
/// without checkpoints appends its lines at the latest 100 ms after the next line, and at the end;
/// started again it begins a new file.
///
/// A fresh start refuses a path that holds files, empty ones aside, or that another job is about to
/// write, unless WriteMode::kOverwrite; what it then removes are files named by a number, or the
/// file `path`. A restored sink goes on with the files that its state knows; what they hold beyond
/// the snapshot (it was not the job's last) is left out of a new file of that name. After a restore
/// at another parallelism a subtask goes on with the files that fell to it, and one that got none
/// starts `path`/<n> (`path`.<n> where `path` is a file of parallelism 1), with .1 and so on behind
/// it if that is taken. A program that names another path than the snapshot's leaves the old files
/// alone and starts there.
///
/// On a file system of another machine files cannot grow: there each checkpoint with new lines
/// makes a file of its own, `path`/<n>, then `path`/<n>-1, `path`/<n>-2 and so on (`path`,
/// `path`-1, ... at parallelism 1), and a job without checkpoints shows its file at its end.
/// FileSink has names for that which say less.
///
/// Errors: exceptions naming the file; UnrecoverableError where a path is refused. At every
/// checkpoint the file must be the one that was written, with its length: who writes to it besides
/// fails the task.
class TextFileSink : public RichSinkFunction<std::string>,
                     public ListCheckpointed<WrittenFile>,
                     public CheckpointListener,
                     public FinishListener {
 public:
  explicit TextFileSink(std::string path, WriteMode mode = WriteMode::kNoOverwrite)
      : path_(std::move(path)), mode_(mode) {}

  const std::string& outputPath() const { return path_; }

  void open(RuntimeContext& context) override;
  void invoke(const std::string& line) override;
  void endInput() override;
  void notifyFinished() override;
  void close() override;
  std::vector<WrittenFile> snapshotState(std::uint64_t checkpoint_id) override;
  void restoreState(const std::vector<WrittenFile>& files) override;
  void notifyCheckpointComplete(std::uint64_t checkpoint_id) override;

 private:
  void openFresh(const std::string& path);
  void openBeside(const std::string& path);
  void openRestored();
  void clear(const std::string& path);
  void openSpecial(const std::string& path);
  std::vector<std::string> markedBy(const std::string& directory, const std::string& name) const;
  void refuseOthers(const std::string& path) const;
  std::shared_ptr<connector::TextOutput> make(const std::string& path) const;
  void flush();
  bool isRemote() const;
  bool single() const { return context_->getNumberOfParallelSubtasks() == 1; }

  std::string path_;
  WriteMode mode_;
  bool restored_ = false;
  std::vector<WrittenFile> files_;     // As of the restore; the first is being written.
  RuntimeContext* context_ = nullptr;  // Of the operator, from open() to close().
  // Made after open(), so that copies of the function for other subtasks never share one.
  std::shared_ptr<connector::TextOutput> file_;
  std::string buffer_;
  std::chrono::steady_clock::time_point flushed_{};
};

}  // namespace weir
