#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "common/base/unique_fd.h"
#include "common/connector/file_mark.h"
#include "common/connector/text_output.h"
#include "common/connector/written_file.h"

namespace weir::connector {

/// One file that changes only by growing, by what has been committed.
///
/// Lines are collected in parts: files in the FileMark, which tells whose file it is. seal() makes
/// a part belong to a snapshot, commit() appends it once that snapshot has completed, at the place
/// that follows from the snapshot: whoever does it, an attempt that was given up included, writes
/// the same bytes to the same place. The parts of an attempt lie in a directory of that attempt,
/// which its successor removes: a predecessor can make no new ones then.
///
/// Without checkpoints nothing is ever committed: a file opened with openDirectly() takes lines at
/// once, and each attempt begins a new one under the old name.
///
/// Threads: one. Errors: kInvalidArgument where another job owns the file, which no restart mends;
/// else as the file system says, naming the file.
class CommittedFile final : public TextOutput {
 public:
  CommittedFile(std::string path, FileOwner owner);
  /// Leaves everything where it is.
  ~CommittedFile() override;
  CommittedFile(const CommittedFile&) = delete;
  CommittedFile& operator=(const CommittedFile&) = delete;

  const std::string& path() const { return path_; }

  /// Whether it holds anything, or another subtask or job is about to write it.
  Result<bool> taken() const override;
  /// Makes it ours: marks it, and removes what is left of earlier attempts.
  Status claim() override { return mark_.claim(); }
  /// Removes it, and what others were about to append.
  Status overwrite() override;
  /// Brings it to what the snapshot knows: appends what is pending, or begins a new file with the
  /// bytes that belong to the snapshot where it has more. Then claims it. What another job had
  /// begun is removed: it was restored from that job's snapshot.
  Status restore(const WrittenFile& file) override;
  /// For jobs without checkpoints, after restore(), or after claim(): then as a new, empty file.
  Status openDirectly() override;
  /// A device or a pipe, which keeps nothing: no marks, no parts.
  Status openSpecial();

  /// To the open part, or to the file itself after openDirectly().
  Status append(std::string_view bytes) override;
  /// Everything appended so far belongs to the snapshot of this checkpoint, and survives a crash.
  Status seal(std::uint64_t checkpoint) override;
  /// The checkpoint has completed.
  Status commit(std::uint64_t checkpoint) override;
  /// That it is still there, ours, and as long as we made it.
  Status check() const;
  WrittenFile state() const override;
  /// The job is finished: all is committed. Creates the file where nothing was, and removes the
  /// mark.
  Status finish() override;
  /// The attempt has ended otherwise. Removes what no snapshot knows.
  void abandon() override;

 private:
  struct Part {
    std::string path;
    std::uint64_t bytes = 0;
    std::uint64_t checkpoint = 0;  // 0: of a restored snapshot.
  };

  Status takeParts(const WrittenFile& file, std::uint64_t size);
  Status openFile();
  Status replaceBy(std::uint64_t bytes);
  Status appendParts(std::size_t count);
  std::string nextPart();

  const std::string path_;
  const FileOwner owner_;
  const FileMark mark_;
  bool restored_ = false;
  bool direct_ = false;
  bool special_ = false;
  UniqueFd file_;  // Open once there is something in it.
  std::uint64_t committed_ = 0;
  std::vector<Part> sealed_;  // In order.
  UniqueFd part_;             // Being written.
  Part open_;
  std::uint64_t parts_ = 0;
};

}  // namespace weir::connector
