#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "common/base/ids.h"
#include "common/runtime/messages.h"

namespace weir::runtime {

/// What the states of operators hold in several subtasks together.
class StateSums {
 public:
  void add(const std::vector<StateUsage>& states) {
    for (const StateUsage& one : states) {
      const auto [sum, fresh] = sums_.try_emplace({one.owner, one.state}, one);
      if (!fresh) {
        sum->second.keys += one.keys;
        sum->second.memory_bytes += one.memory_bytes;
        sum->second.disk_bytes += one.disk_bytes;
      }
    }
  }
  /// In the order of operators and names.
  std::vector<StateUsage> all() const {
    std::vector<StateUsage> states;
    for (const auto& [key, sum] : sums_) {
      states.push_back(sum);
    }
    return states;
  }

 private:
  std::map<std::pair<OperatorId, std::string>, StateUsage> sums_;
};

}  // namespace weir::runtime
