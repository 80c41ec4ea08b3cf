#include "taskmanager/worker/operators/chain_background.h"

#include <algorithm>

#include "common/functions/at_work.h"

namespace weir::worker {

using functions::Background;

void ChainBackground::add(functions::Operator& self) {
  if (Background* background = self.background(); background != nullptr) {
    all_.push_back(background);
  }
}

bool ChainBackground::isReady() const {
  return std::ranges::any_of(all_, [](const Background* one) { return one->isReady(); });
}

void ChainBackground::handOut() {
  functions::workOfThread().thrower = nullptr;
  for (Background* one : all_) {
    one->handOut();
  }
}

bool ChainBackground::hasRoom() const {
  return std::ranges::all_of(all_, [](const Background* one) { return one->hasRoom(); });
}

bool ChainBackground::holdsEnd() const {
  return std::ranges::any_of(all_, [](const Background* one) { return one->holdsEnd(); });
}

}  // namespace weir::worker
