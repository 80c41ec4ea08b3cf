#pragma once

#include <vector>

#include "common/functions/background.h"
#include "common/functions/operator.h"

namespace weir::worker {

/// What goes on beside the input in the operators of one chain, as functions::Background says of
/// one of them. Belongs to the chain and its thread.
class ChainBackground {
 public:
  /// Operators without any are left out.
  void add(functions::Operator& self);
  bool isReady() const;
  void handOut();
  bool hasRoom() const;
  bool holdsEnd() const;

 private:
  std::vector<functions::Background*> all_;  // Of the chain's operators, head first.
};

}  // namespace weir::worker
