#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "common/base/bytes.h"
#include "common/base/result.h"
#include "taskmanager/worker/rocksdb/rocks_store.h"

namespace weir::worker {

/// Changes of a store that are made in one go. On one thread; the store outlives them.
class RocksChanges {
 public:
  using Family = RocksStore::Family;

  explicit RocksChanges(RocksStore& store);
  ~RocksChanges();
  RocksChanges(const RocksChanges&) = delete;
  RocksChanges& operator=(const RocksChanges&) = delete;

  /// What put() and remove() gathered becomes visible with write(), all at once.
  void put(Family* family, std::string_view name, std::string_view value);
  void remove(Family* family, std::string_view name);
  std::size_t gathered() const { return bytes_.size(); }  ///< In bytes.
  /// Errors: those of the store.
  Status write();

 private:
  /// Of one name; its bytes and those of its value stand in bytes_ one after the other.
  struct Change {
    Family* family = nullptr;
    std::size_t begin = 0;
    std::uint32_t name_size = 0;
    std::uint32_t value_size = 0;
    bool removes = false;
  };
  std::string_view nameOf(const Change& change) const {
    return bytes_.view().substr(change.begin, change.name_size);
  }

  RocksStore& store_;
  rocksdb_writebatch_t* batch_;
  Writer bytes_;  // Of the names and values gathered, which are sorted by name before they are
  std::vector<Change> changes_;  // written: neighbours in the memtable are found soon then.
};

}  // namespace weir::worker
