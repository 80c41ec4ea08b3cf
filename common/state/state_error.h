#pragma once

#include <stdexcept>

namespace weir::state {

/// Thrown by keyed state that is used outside of a keyed record or before open().
class StateError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// A state and what a snapshot has of it do not fit, and never will.
class StateMismatchError : public StateError {
 public:
  using StateError::StateError;
};

}  // namespace weir::state
