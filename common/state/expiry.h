#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
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
  /// Whether the cell of a slot, or an encoded one, is to be settled: a part of it has expired, or
  /// has no time yet.
  virtual bool isDue(Slot slot) const = 0;
  virtual bool isDue(std::string_view encoded) const = 0;
  /// Drops what has expired of the cell of a slot, and the cell with the last of it.
  virtual void settle(Slot slot) = 0;
  /// The column as it is, but for what has expired by now.
  virtual std::unique_ptr<FrozenColumn> freeze() = 0;

 private:
  StateTtlConfig config_;
};

/// All states of one backend that expire, and what drops their entries in the background: with each
/// use of such a state a few keys more are looked at, round and round; with a tier, also a few of
/// those that lie below. Belongs to its backend and the backend's thread.
class Expiries {
 public:
  /// `backend` outlives this.
  explicit Expiries(KeyedBackend& backend) : backend_(backend) {}

  /// The expiry of a column under this configuration; null: there is none.
  Expiry* find(const ColumnBase& column, const StateTtlConfig& config) const;
  Expiry& add(std::unique_ptr<Expiry> expiry);

  /// A state that expires was used.
  void noteUse() { looks_ += kLooksPerUse; }
  /// At the end of a batch: looks at as many keys as uses since have made due.
  void sweep();
  /// A view of a column, whether it expires or not.
  std::unique_ptr<FrozenColumn> freeze(ColumnBase& column);

 private:
  static constexpr std::size_t kLooksPerUse = 2;
  static constexpr std::size_t kMostLooks = 4096;     // At the end of one batch.
  static constexpr std::size_t kMostBelow = 256;      // The same of what lies in the tier.
  static constexpr std::size_t kLooksPerView = 1024;  // A state that is hardly used is swept, too.

  void sweepBelow(std::size_t looks);
  bool beginBelow();

  KeyedBackend& backend_;
  std::vector<std::unique_ptr<Expiry>> all_;  // Of one column the last counts.
  std::size_t looks_ = 0;
  Slot next_ = 0;
  // The walk over what lies in the tier; null between two walks.
  std::unique_ptr<FrozenTier> frozen_;
  std::unique_ptr<FrozenTier::Cursor> cursor_;  // Over the state of all_[walking_].
  std::size_t walking_ = 0;
  std::int64_t walk_again_ = 0;
};

}  // namespace weir::state
