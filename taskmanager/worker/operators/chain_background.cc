#include "taskmanager/worker/operators/chain_background.h"

#include <algorithm>

#include "common/functions/at_work.h"

namespace weir::worker {

using functions::Background;

void ChainBackground::add(functions::Operator& self) {
  const std::size_t position = added_++;
  if (Background* background = self.background(); background != nullptr) {
    all_.insert(all_.begin(), {position, background});
  }
}

bool ChainBackground::isReady() const {
  for (const Placed& one : all_) {
    if (one.background->isReady()) {
      return true;
    }
    if (!one.background->hasRoom()) {
      return false;
    }
  }
  return false;
}

void ChainBackground::handOut() {
  functions::workOfThread().thrower = nullptr;
  for (const Placed& one : all_) {
    Background& self = *one.background;
    if (&one != &all_.front() && !yielded_ && self.isReady() && self.hasRoom()) {
      yielded_ = true;  // Else what it has would take all the room that there ever is behind it.
      return;
    }
    self.handOut();
    if (!self.hasRoom()) {
      return;  // Those in front of it would fill it further.
    }
  }
  yielded_ = false;
}

bool ChainBackground::hasRoom() const {
  return std::ranges::all_of(all_, [](const Placed& one) { return one.background->hasRoom(); });
}

std::optional<std::pair<std::size_t, functions::Hold>> ChainBackground::hold() const {
  for (const Placed& one : all_) {
    if (auto hold = one.background->hold()) {
      return std::pair(one.position, *std::move(hold));
    }
  }
  return std::nullopt;
}

bool ChainBackground::hasRoomBehind(std::size_t position) const {
  return std::ranges::all_of(all_, [position](const Placed& one) {
    return one.position <= position || one.background->hasRoom();
  });
}

bool ChainBackground::holdsEnd() const {
  return std::ranges::any_of(all_, [](const Placed& one) { return one.background->holdsEnd(); });
}

std::optional<std::string> ChainBackground::endless() const {
  for (const Placed& one : all_) {
    if (auto why = one.background->endless()) {
      return why;
    }
  }
  return std::nullopt;
}

}  // namespace weir::worker
