#include "taskmanager/worker/rocksdb/rocks_changes.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "common/record/key_hash.h"

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

std::uint32_t& RocksChanges::placeOf(Family* family, std::string_view name) {
  const std::size_t mask = places_.size() - 1;
  std::size_t at = record::xxh3(name.data(), name.size()) & mask;
  while (places_[at] != 0) {
    const Change& change = changes_[places_[at] - 1];
    if (change.family == family && nameOf(change) == name) {
      break;
    }
    at = (at + 1) & mask;
  }
  return places_[at];
}

void RocksChanges::index() {
  if (2 * changes_.size() >= places_.size()) {
    places_.assign(std::bit_ceil(4 * changes_.size()), 0);
    indexed_ = 0;
  }
  for (; indexed_ < changes_.size(); ++indexed_) {
    const Change& change = changes_[indexed_];
    placeOf(change.family, nameOf(change)) = static_cast<std::uint32_t>(indexed_ + 1);
  }
}

std::optional<std::string_view> RocksChanges::find(Family* family, std::string_view name) {
  if (changes_.empty()) {
    return std::nullopt;
  }
  index();
  const std::uint32_t place = placeOf(family, name);
  if (place == 0) {
    return std::nullopt;
  }
  const Change& change = changes_[place - 1];
  return change.removes ? std::string_view()
                        : bytes_.view().substr(change.begin + change.name_size, change.value_size);
}

std::size_t RocksChanges::putsOf(Family* family) const {
  return static_cast<std::size_t>(std::ranges::count_if(
      changes_, [&](const Change& one) { return one.family == family && !one.removes; }));
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
  std::ranges::fill(places_, 0);
  indexed_ = 0;
  return error == nullptr ? ok() : Status(store_.failed("write to", error));
}

}  // namespace weir::worker
