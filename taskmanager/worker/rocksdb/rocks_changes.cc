#include "taskmanager/worker/rocksdb/rocks_changes.h"

#include <algorithm>
#include <utility>

namespace weir::worker {

RocksChanges::RocksChanges(RocksStore& store)
    : store_(store), batch_(store.rocks_.writebatch_create()) {}

RocksChanges::~RocksChanges() { store_.rocks_.writebatch_destroy(batch_); }

void RocksChanges::put(Family* family, std::string_view name, std::string_view value) {
  changes_.push_back({family,
                      bytes_.size(),
                      static_cast<std::uint32_t>(name.size()),
                      static_cast<std::uint32_t>(value.size()),
                      false});
  bytes_.putBytes(name.data(), name.size());
  bytes_.putBytes(value.data(), value.size());
}

void RocksChanges::remove(Family* family, std::string_view name) {
  changes_.push_back({family, bytes_.size(), static_cast<std::uint32_t>(name.size()), 0, true});
  bytes_.putBytes(name.data(), name.size());
}

Status RocksChanges::write() {
  if (changes_.empty()) {
    return ok();
  }
  // By name, and those of one name in the order in which they came.
  std::ranges::sort(changes_, {}, [this](const Change& change) {
    return std::pair(nameOf(change), change.begin);
  });
  for (const Change& change : changes_) {
    const char* name = bytes_.data() + change.begin;
    if (change.removes) {
      store_.rocks_.writebatch_delete_cf(batch_, change.family, name, change.name_size);
    } else {
      store_.rocks_.writebatch_put_cf(batch_,
                                      change.family,
                                      name,
                                      change.name_size,
                                      name + change.name_size,
                                      change.value_size);
    }
  }
  char* error = nullptr;
  store_.rocks_.write(store_.db_, store_.writes_, batch_, &error);
  store_.rocks_.writebatch_clear(batch_);
  changes_.clear();
  bytes_.clear();
  return error == nullptr ? ok() : Status(store_.failed("write to", error));
}

}  // namespace weir::worker
