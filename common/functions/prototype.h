#pragma once

#include <memory>
#include <mutex>
#include <utility>

namespace weir::functions {

/// The function as the program handed it over, of which every subtask gets a copy. Any thread.
template <typename F>
class Prototype {
 public:
  explicit Prototype(F function) : function_(std::move(function)) {}
  F copy() const {
    const std::lock_guard lock(mutex_);  // One copy at a time, as StateOwner asks.
    return function_;
  }

 private:
  mutable std::mutex mutex_;
  F function_;
};

/// Shared by the factories of an operator.
template <typename F>
std::shared_ptr<const Prototype<F>> makePrototype(F function) {
  return std::make_shared<const Prototype<F>>(std::move(function));
}

}  // namespace weir::functions
