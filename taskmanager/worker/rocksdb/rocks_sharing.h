#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "common/state/column_tier.h"
#include "taskmanager/worker/rocksdb/rocks_changes.h"
#include "taskmanager/worker/rocksdb/rocks_store.h"

namespace weir::worker {

/// Of a cell of the state at `index`, as it is stored.
std::uint64_t digestOf(std::size_t index, std::string_view value);

/// The making of shared tables: cells that only memory had at an instant go down to the store, and
/// links to its files are taken, while the task goes on and writes nothing to the store.
///
/// Begun by the tier on its thread, done on one other, looked at by the tier until it has ended.
class RocksSharing {
 public:
  /// A key whose cells in memory may not be those in the store.
  struct Key {
    std::uint64_t digest = 0;  ///< Of what lay in the store, and once settled, of what does.
    bool below = false;        ///< Some cells lay in the store; the same.
  };

  /// `families` by column; the two vectors in parallel.
  RocksSharing(std::shared_ptr<RocksStore> store,
               std::vector<RocksStore::Family*> families,
               std::vector<state::Slot> slots,
               std::vector<Key> keys);

  const std::vector<state::Slot>& slots() const { return slots_; }

  Status settle(std::size_t index, std::string_view name, std::span<const std::string_view> cells);
  Result<state::SharedTables> tables();
  /// Nobody goes on with it, wherever it was.
  void giveUp() { end(false); }

  /// By the tier. Whether the store is its own again.
  bool ended() const { return ended_.load(); }
  void wait() const;
  /// Once it has ended: whether keys() say what lies in the store. Else nothing is known of them.
  bool whole() const { return whole_; }
  const std::vector<Key>& keys() const { return keys_; }

 private:
  void end(bool whole);

  std::shared_ptr<RocksStore> store_;  // Shared with the tier.
  std::vector<RocksStore::Family*> families_;
  std::vector<state::Slot> slots_;
  std::vector<Key> keys_;
  std::optional<RocksChanges> changes_;  // Until it has ended.
  bool whole_ = false;
  std::atomic<bool> ended_{false};
  mutable std::mutex mutex_;
  mutable std::condition_variable end_;
};

}  // namespace weir::worker
