#pragma once

#include <limits>
#include <memory>
#include <string>

#include "common/state/timer_shelf.h"
#include "taskmanager/worker/rocksdb/rocks_changes.h"
#include "taskmanager/worker/rocksdb/rocks_store.h"

namespace weir::worker {

/// Timers that are far off, in a RocksDB of their own: that of the cells has what snapshots share,
/// and is written by others while these do.
///
/// A name is a time, high byte first and its sign turned, so that the order of names is one of
/// time; the key; its namespace, and four bytes of how long that is.
class RocksShelf final : public state::TimerShelf {
 public:
  /// An empty one. `owner` stands in errors; the library outlives the shelf, and `settings` are
  /// those of the stores of cells. Throws where RocksStore::open() does not succeed.
  static std::unique_ptr<RocksShelf> make(const RocksLibrary& library,
                                          RocksSettings settings,
                                          std::string owner);

  void put(std::int64_t time, std::string_view key, std::string_view name_space) override;
  void remove(std::int64_t time, std::string_view key, std::string_view name_space) override;
  std::vector<Timer> take(std::size_t most) override;
  std::int64_t earliest() const override { return earliest_; }

 private:
  RocksShelf(std::unique_ptr<RocksStore> store, RocksStore::Family* family, std::string owner);
  void check(const Status& status) const { check(status, owner_); }
  static void check(const Status& status, const std::string& owner);
  /// Leaves it in name_.
  void name(std::int64_t time, std::string_view key, std::string_view name_space);
  void writeSome();
  Timer timerOf(std::string_view name) const;

  std::unique_ptr<RocksStore> store_;
  RocksStore::Family* family_;
  RocksChanges changes_;
  const std::string owner_;
  std::string first_;  // No name is before: what was taken is not walked over again.
  bool empty_ = true;  // For certain.
  std::int64_t earliest_ = std::numeric_limits<std::int64_t>::max();
  Writer name_;
};

}  // namespace weir::worker
