#include "taskmanager/worker/operators/chain_background.h"

#include <algorithm>

#include "common/functions/at_work.h"

namespace weir::worker {

using functions::Background;

void ChainBackground::add(functions::Operator& self) {
  if (Background* background = self.background(); background != nullptr) {
    all_.insert(all_.begin(), background);
  }
}

bool ChainBackground::isReady() const {
  for (const Background* one : all_) {
    if (one->isReady()) {
      return true;
    }
    if (!one->hasRoom()) {
      return false;
    }
  }
  return false;
}

void ChainBackground::handOut() {
  functions::workOfThread().thrower = nullptr;
  for (Background* one : all_) {
    if (one != all_.front() && !yielded_ && one->isReady() && one->hasRoom()) {
      yielded_ = true;  // Else what it has would take all the room that there ever is behind it.
      return;
    }
    one->handOut();
    if (!one->hasRoom()) {
      return;  // Those in front of it would fill it further.
    }
  }
  yielded_ = false;
}

bool ChainBackground::hasRoom() const {
  return std::ranges::all_of(all_, [](const Background* one) { return one->hasRoom(); });
}

bool ChainBackground::holdsEnd() const {
  return std::ranges::any_of(all_, [](const Background* one) { return one->holdsEnd(); });
}

}  // namespace weir::worker
