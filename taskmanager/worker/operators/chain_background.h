#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/functions/background.h"
#include "common/functions/operator.h"

namespace weir::worker {

/// What goes on beside the input in the operators of one chain, as functions::Background says of
/// one of them. What one hands out goes into those behind it: so it waits while any of these has no
/// room. Belongs to the chain and its thread.
class ChainBackground {
 public:
  /// Head first; of operators without any only their place counts.
  void add(functions::Operator& self);
  bool isReady() const;
  /// Leaves every second turn in which there is room to the input.
  void handOut();
  bool hasRoom() const;
  /// What holds the input back, nearest to the chain's end, with the operator's position.
  std::optional<std::pair<std::size_t, functions::Hold>> hold() const;
  /// Whether all behind the operator at this position, from 0 at the head, have room.
  bool hasRoomBehind(std::size_t position) const;
  bool holdsEnd() const;
  std::optional<std::string> endless() const;

 private:
  struct Placed {
    std::size_t position = 0;
    functions::Background* background = nullptr;
  };
  std::size_t added_ = 0;
  std::vector<Placed> all_;  // Of the chain's operators, its end first.
  bool yielded_ = false;     // The input had such a turn last.
};

}  // namespace weir::worker
