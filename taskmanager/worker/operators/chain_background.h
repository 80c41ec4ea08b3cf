#pragma once

#include <vector>

#include "common/functions/background.h"
#include "common/functions/operator.h"

namespace weir::worker {

/// What goes on beside the input in the operators of one chain, as functions::Background says of
/// one of them. What one hands out goes into those behind it: so it waits while any of these has no
/// room. Belongs to the chain and its thread.
class ChainBackground {
 public:
  /// Head first; operators without any are left out.
  void add(functions::Operator& self);
  bool isReady() const;
  /// Leaves every second turn in which there is room to the input.
  void handOut();
  bool hasRoom() const;
  bool holdsEnd() const;

 private:
  std::vector<functions::Background*> all_;  // Of the chain's operators, its end first.
  bool yielded_ = false;                     // The input had such a turn last.
};

}  // namespace weir::worker
