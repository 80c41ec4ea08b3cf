#pragma once

#include <cstddef>

namespace weir::daemon {

/// Raises the soft limit of open files to the hard one, where that is allowed.
void raiseDescriptorLimit();
/// How many files this process may have open.
std::size_t descriptorLimit();

/// One descriptor kept for the moment in which the process has no other.
///
/// A listener that is out of descriptors can neither accept nor refuse: its peers wait without a
/// word, and it is reported as ready for ever. With this one it turns them away. Threads: one.
class SpareDescriptor {
 public:
  SpareDescriptor();
  ~SpareDescriptor();
  SpareDescriptor(const SpareDescriptor&) = delete;
  SpareDescriptor& operator=(const SpareDescriptor&) = delete;

  /// Closes one connection that waits at `listener`, which does not block; false when none does, or
  /// when somebody else took the descriptor.
  bool turnAway(int listener);

 private:
  int descriptor_;
};

}  // namespace weir::daemon
