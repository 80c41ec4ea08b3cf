#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"

namespace weir::connector {

/// Who writes a file: one subtask of one attempt of a job.
struct FileOwner {
  std::string job;  ///< In hex.
  std::uint64_t attempt = 1;
  std::uint32_t subtask = 0;
};

/// The mark of whose file it is: a hidden directory `.<name>.in-progress-<job>` beside it, with a
/// directory for each attempt that keeps the lines there which are not in the file yet. It holds
/// files named by numbers, and nothing else in it is ever deleted.
///
/// Threads: one. Errors: as the file system says, naming the path.
class FileMark {
 public:
  FileMark(const std::string& path, const FileOwner& owner);

  /// Of the attempt that owns it.
  const std::string& attempt() const { return attempt_; }
  /// The other jobs, in hex, that mark the file.
  Result<std::vector<std::string>> otherJobs() const;
  /// Whether another subtask of the job is about to write it.
  Result<bool> otherSubtasks() const;

  /// Makes it, and removes what is left of earlier attempts.
  Status claim() const;
  Status remove() const;
  /// Removes those of other jobs.
  Status removeOthers() const;
  /// Removes it when nothing is in it.
  void removeEmpty() const;

 private:
  const std::string path_;  // Of the file.
  const std::string job_;
  const std::string subtask_;
  const std::string mark_;
  const std::string attempt_;
};

/// The mark of a job's on a file.
std::string markOf(const std::string& path, std::string_view job);
/// The jobs, in hex, whose marks are among the names of a directory; of all files, or of `name`.
std::vector<std::string> marksAmong(const std::vector<std::string>& names, std::string_view name);

/// The jobs, in hex, that mark files of `directory` as theirs; of all files, or of `name`.
Result<std::vector<std::string>> markedBy(const std::string& directory, std::string_view name = {});

}  // namespace weir::connector
