#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/functions/task_info.h"

namespace weir {

/// When a FileSink begins its next file, besides at every checkpoint.
struct RollingPolicy {
  std::uint64_t most_bytes = std::uint64_t{128} << 20;
  /// Looked at when a record comes.
  std::chrono::milliseconds most_age = std::chrono::minutes(1);
};

/// A file that takes its name when its transaction is committed.
struct PartFile {
  std::string temporary;
  std::string committed;
};

/// The files of a FileSink between two checkpoints.
struct PartFiles {
  std::string directory;  ///< Which the temporary ones lie in, and nothing else.
  std::vector<PartFile> files;
};

namespace connector {

/// Writes the part files of one subtask of a FileSink.
///
/// Rows of a bucket go to a file `.in-progress-<job>/<attempt>-<subtask>-<transaction>/<n>` below
/// the sink's directory until it is full, old, or its transaction is prepared; committing renames
/// it to `<bucket>/part-<job>-<attempt>-<subtask>-<n>`. No name is used twice, and none that exists
/// is replaced. Threads: one. Errors: exceptions as raise() makes them, naming the path.
class PartWriter {
 public:
  /// Nothing is made yet. `path` is the directory as the program names it.
  PartWriter(const std::string& path, const functions::TaskInfo& task, RollingPolicy policy);
  ~PartWriter();
  PartWriter(const PartWriter&) = delete;
  PartWriter& operator=(const PartWriter&) = delete;

  PartFiles begin();
  /// `bucket` is a path below the sink's: "2026-11-27/eu", or empty.
  void write(PartFiles& transaction, const std::string& bucket, std::string_view row);
  /// All files of the transaction survive a crash of the machine.
  void prepare(PartFiles& transaction);
  void commit(const PartFiles& transaction);
  void abort(const PartFiles& transaction);
  /// Removes what earlier attempts of the job left, of which no snapshot knows by now. Each subtask
  /// takes its share.
  void removeLeft();

 private:
  struct Impl;  // With its open files.
  std::unique_ptr<Impl> impl_;
};

}  // namespace connector
}  // namespace weir
