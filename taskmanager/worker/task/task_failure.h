#pragma once

#include <exception>
#include <stdexcept>
#include <string>

#include "common/base/error.h"

namespace weir::worker {

/// State of a snapshot does not fit the operator or cannot be read; fails the task.
class RestoreError : public std::runtime_error {
 public:
  explicit RestoreError(const Error& error)
      : std::runtime_error(error.text()),
        unrecoverable_(error.code() == ErrorCode::kInvalidArgument) {}
  /// It does not fit, and never will; what cannot be read now may be read later.
  bool unrecoverable() const { return unrecoverable_; }

 private:
  bool unrecoverable_;
};

/// The accumulators of a task have grown beyond their bound; fails the job for good.
class AccumulatorsTooLargeError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Why a task has failed by itself.
struct TaskFailure {
  std::string cause;
  bool unrecoverable = false;  ///< No restart would help.
};

/// What an exception that ended a task says: its text, cut aloud where it is too long, then
/// `place`.
TaskFailure failureOf(const std::exception_ptr& thrown, const std::string& place);

}  // namespace weir::worker
