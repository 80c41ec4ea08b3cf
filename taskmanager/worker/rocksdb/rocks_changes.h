#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
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
  /// In bytes of memory, about.
  std::size_t gathered() const { return bytes_.size() + changes_.size() * kBytesOfChange; }
  /// The value of a name as it will be; one that will be removed has no data. None where no change
  /// of it was gathered. Valid until the next change.
  std::optional<std::string_view> find(Family* family, std::string_view name);
  std::size_t putsOf(Family* family) const;  ///< How many were gathered.
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
  static constexpr std::size_t kBytesOfChange = sizeof(Change) + 2 * sizeof(std::uint32_t);

  std::string_view nameOf(const Change& change) const {
    return bytes_.view().substr(change.begin, change.name_size);
  }
  std::uint32_t& placeOf(Family* family, std::string_view name);
  void index();

  RocksStore& store_;
  rocksdb_writebatch_t* batch_;
  Writer bytes_;  // Of the names and values gathered, which are sorted by name before they are
  std::vector<Change> changes_;  // written: neighbours in the memtable are found soon then.
  /// The latest change of a name, one more than where it stands in changes_; 0: none. By hash, with
  /// linear probing, and less than half full. Of the first indexed_ changes; nobody may ask.
  std::vector<std::uint32_t> places_;
  std::size_t indexed_ = 0;
};

}  // namespace weir::worker
