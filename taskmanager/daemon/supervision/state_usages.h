#pragma once

#include <map>
#include <string>
#include <vector>

#include "common/base/ids.h"
#include "common/runtime/messages.h"

namespace weir::taskmanager {

/// What the keyed states of a worker hold, as its tasks said last. Threads: one.
class StateUsages {
 public:
  void note(const runtime::TaskUpdate& update);
  /// The largest ones in memory, as a clause that ends a sentence; empty where nothing is known.
  std::string largest() const;

 private:
  std::map<runtime::TaskId, std::vector<runtime::StateUsage>> by_task_;
};

}  // namespace weir::taskmanager
