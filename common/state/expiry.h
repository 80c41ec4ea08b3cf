#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "common/state/column_tier.h"
#include "common/state/ttl_config.h"

namespace weir::state {

class KeyedBackend;

/// How the entries of one column expire. Belongs to its backend and the backend's thread.
class Expiry {
 public:
  explicit Expiry(StateTtlConfig config) : config_(std::move(config)) {}
  virtual ~Expiry() = default;
  const StateTtlConfig& config() const { return config_; }
  virtual const ColumnBase& column() const = 0;
  /// Looks at about `most` parts of the cell of a slot, from the `part`-th on; drops those that
  /// have expired, and the cell with the last of them. `part` becomes where to go on, 0 behind the
  /// last one. Answers what that has cost, in looks; 0 where there is no cell.
  virtual std::size_t sweep(Slot slot, std::size_t& part, std::size_t most) = 0;
  /// Whether an encoded cell is to be settled: a part of it has expired, or has no time yet.
  virtual bool isDue(std::string_view encoded) const = 0;
  /// Drops what has expired of the cell of a slot, and the cell with the last of it.
  virtual void settle(Slot slot) = 0;
  /// The column as it is, but for what has expired by now.
  virtual std::unique_ptr<FrozenColumn> freeze() = 0;

 private:
  StateTtlConfig config_;
};

/// All states of one backend that expire, and what drops their entries in the background: at the
/// end of each batch a few entries are looked at, round and round, and a few more for each use of
/// such a state; with a tier, also a few of the keys that lie below. Where no batch comes, a tick
/// does the same. What is looked at is an entry of a map or an element of a list, so that a large
/// cell costs no batch more than a small one does. Belongs to its backend and the backend's thread.
class Expiries {
 public:
  /// `backend` outlives this.
  explicit Expiries(KeyedBackend& backend) : backend_(backend) {}

  /// The expiry of a column under this configuration; null: there is none.
  Expiry* find(const ColumnBase& column, const StateTtlConfig& config) const;
  Expiry& add(std::unique_ptr<Expiry> expiry);

  /// A state that expires was used.
  void noteUse() { looks_ += kLooksPerUse; }
  /// At the end of a batch: looks at as many entries as uses since have made due.
  void sweep();
  /// A view of a column, whether it expires or not.
  std::unique_ptr<FrozenColumn> freeze(ColumnBase& column);

  /// `ask` is called with a time at which tick() is wanted, at once for the first one, and again
  /// where a state that is asked for later has it sooner.
  void setTicker(std::function<void(std::int64_t time)> ask) {
    ask_for_tick_ = std::move(ask);
    askForTick();
  }
  /// Between two batches: as sweep(), of many entries. Asks for the next one while there is
  /// anything that expires.
  void tick();

 private:
  static constexpr std::int64_t kLooksPerUse = 2;
  static constexpr std::int64_t kLooksPerBatch = 16;
  static constexpr std::int64_t kMostLooks = 4096;     // At the end of one batch.
  static constexpr std::int64_t kMostBelow = 256;      // The same of what lies in the tier.
  static constexpr std::int64_t kLooksPerView = 1024;  // A state that is hardly used is swept, too.
  static constexpr std::int64_t kLooksPerTick = 16384;

  void sweepKeys(std::int64_t looks);
  void nextKey();
  void sweepBelow(std::int64_t looks);
  bool beginBelow();
  void askForTick();
  std::int64_t nextTick() const;
  std::int64_t least() const;

  KeyedBackend& backend_;
  std::vector<std::unique_ptr<Expiry>> all_;  // Of one column the last counts.
  std::int64_t looks_ = 0;                    // Below 0: what a large list cost is made up for.
  // Where the walk over the keys in memory is: the part of the cell of all_[at_] of a key.
  Slot slot_ = 0;
  std::size_t at_ = 0;
  std::size_t part_ = 0;
  bool met_ = false;      // Something that expires, since the walk began anew.
  bool met_last_ = true;  // The same in the walk before; of the first one nothing is known.
  std::function<void(std::int64_t time)> ask_for_tick_;  // Empty: there are batches alone.
  bool tick_asked_ = false;
  std::int64_t tick_at_ = 0;  // When it is to come.
  // The walk over what lies in the tier; null between two walks.
  std::unique_ptr<FrozenTier> frozen_;
  std::unique_ptr<FrozenTier::Cursor> cursor_;  // Over the state of all_[walking_].
  std::size_t walking_ = 0;
  std::int64_t walk_again_ = 0;
};

}  // namespace weir::state
