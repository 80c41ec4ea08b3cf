#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>

#include "common/state/column.h"
#include "taskmanager/worker/rocksdb/rocks_sharing.h"

namespace weir::worker {

/// Whose turn it is to write to a store: its tier's, or of whoever makes tables that are shared.
/// Remembers what the tier forgets meanwhile, as that is in the store until it is the tier's turn.
/// Belongs to the tier and its thread.
class RocksTurn {
 public:
  void give(std::shared_ptr<RocksSharing> to) { sharing_ = std::move(to); }
  /// It is somebody else's.
  bool isAway() const { return sharing_ != nullptr && !sharing_->ended(); }
  /// It was, and has come to its end, which is to be taken up.
  bool isBack() const { return sharing_ != nullptr && sharing_->ended(); }
  void wait() const {
    if (sharing_ != nullptr) {
      sharing_->wait();
    }
  }
  void forget(state::Slot slot, std::string name) {
    slots_.insert(slot);
    names_.insert(std::move(name));
  }
  bool isForgotten(std::string_view name) const {
    return !names_.empty() && names_.contains(std::string(name));
  }
  bool isForgotten(state::Slot slot) const { return slots_.contains(slot); }
  const RocksSharing& ended() const { return *sharing_; }
  void takeUp() {
    sharing_.reset();
    slots_.clear();
    names_.clear();
  }

 private:
  std::shared_ptr<RocksSharing> sharing_;  // With who makes tables; null: none are made.
  std::unordered_set<std::string> names_;  // Since then: what lies in the store of them is void.
  std::unordered_set<state::Slot> slots_;  // The same.
};

}  // namespace weir::worker
