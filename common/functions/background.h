#pragma once

#include <optional>
#include <string>

#include "common/functions/hold.h"

namespace weir::functions {

/// What goes on in an operator beside its input: answers that come later, records that come back.
/// Belongs to its operator; the task's thread, between two batches.
class Background {
 public:
  virtual ~Background() = default;
  /// Whether handOut() would emit something. Who makes it so from another thread calls the waker of
  /// the operator's context.
  virtual bool isReady() const = 0;
  /// Emits some of what there is, about as much as a batch; where the outputs have room, and not
  /// behind a barrier that the job stops with.
  virtual void handOut() = 0;
  /// Whether the operator takes more input for now.
  virtual bool hasRoom() const = 0;
  /// What has kept it from having room for a while, but for moments; nothing: there was room.
  virtual std::optional<Hold> hold() const { return std::nullopt; }
  /// Whether it holds the end of its input back, as what came before is not emitted yet.
  virtual bool holdsEnd() const = 0;
  /// Why that end will not come by itself, as far as can be told; nothing: it may.
  virtual std::optional<std::string> endless() const { return std::nullopt; }
};

}  // namespace weir::functions
