#pragma once

#include <string>
#include <string_view>

#include "common/base/result.h"
#include "common/connector/written_file.h"

namespace weir::connector {

/// What a TextFileSink writes of one subtask: lines that belong to checkpoints, and are seen by
/// others once their checkpoint has completed. Threads: one. Errors name the file.
class TextOutput {
 public:
  virtual ~TextOutput() = default;

  /// Whether it holds anything, or another subtask or job is about to write it.
  virtual Result<bool> taken() const = 0;
  /// Makes it ours, and removes what is left of earlier attempts.
  virtual Status claim() = 0;
  /// Removes it, and what others were about to add.
  virtual Status overwrite() = 0;
  /// Brings it to what the snapshot knows, and claims it.
  virtual Status restore(const WrittenFile& file) = 0;
  /// For jobs without checkpoints, after restore() or claim().
  virtual Status openDirectly() = 0;

  virtual Status append(std::string_view bytes) = 0;
  /// Everything appended so far belongs to the snapshot of this checkpoint, and survives a crash.
  virtual Status seal(std::uint64_t checkpoint) = 0;
  /// The checkpoint has completed.
  virtual Status commit(std::uint64_t checkpoint) = 0;
  virtual WrittenFile state() const = 0;
  /// The job is finished: all is committed.
  virtual Status finish() = 0;
  /// The attempt has ended otherwise. Removes what no snapshot knows.
  virtual void abandon() = 0;
};

}  // namespace weir::connector
