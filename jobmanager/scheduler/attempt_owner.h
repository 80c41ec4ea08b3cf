#pragma once

#include <string>

#include "common/base/error.h"

namespace weir::jobmanager {

/// Hears what becomes of an attempt. Called on the strand; must not destroy the attempt inside the
/// call.
class AttemptOwner {
 public:
  virtual ~AttemptOwner() = default;
  /// The first failure of it, which the owner answers with end().
  virtual void attemptFailed(const Error& why) = 0;
  /// What really happened, known after attemptFailed(), or after a cancel that was not obeyed.
  virtual void causeKnown(const std::string& cause) = 0;
  /// None of its workers lives any more, or those that do were given up.
  virtual void attemptOver() = 0;
};

}  // namespace weir::jobmanager
