#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "common/functions/collector.h"
#include "common/functions/element.h"

namespace weir::functions {

/// Hands `batch` to every receiver and empties it. All but the last get a copy, as they may take
/// the records apart.
template <typename T>
void handOn(Batch<T>& batch, const std::vector<Receiver<T>*>& receivers) {
  if (batch.empty()) {
    return;
  }
  for (std::size_t i = 0; i + 1 < receivers.size(); ++i) {
    Batch<T> copy = batch;
    receivers[i]->receive(copy);
  }
  if (!receivers.empty()) {
    receivers.back()->receive(batch);
  }
  batch.clear();
}

}  // namespace weir::functions
