#include "taskmanager/worker/rocksdb/rocks_shelf.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "common/state/column_tier.h"
#include "common/state/state_error.h"

namespace weir::worker {

namespace {

constexpr std::size_t kGatheredAtMost = 1 << 20;  // Bytes of a WriteBatch.
constexpr std::uint64_t kMostBuffered = 8 << 20;  // Bytes of a write buffer, and of blocks cached.
constexpr std::size_t kTimeBytes = sizeof(std::uint64_t);
constexpr std::uint64_t kSign = std::uint64_t{1} << 63;

void putTime(std::int64_t time, Writer& to) {
  const std::uint64_t turned = static_cast<std::uint64_t>(time) ^ kSign;
  for (std::size_t i = kTimeBytes; i-- > 0;) {
    to.put(static_cast<std::uint8_t>(turned >> (8 * i)));
  }
}

std::int64_t timeOf(std::string_view name) {
  std::uint64_t turned = 0;
  for (std::size_t i = 0; i < kTimeBytes; ++i) {
    turned = turned << 8 | static_cast<std::uint8_t>(name[i]);
  }
  return static_cast<std::int64_t>(turned ^ kSign);
}

}  // namespace

std::unique_ptr<RocksShelf> RocksShelf::make(const RocksLibrary& library,
                                             RocksSettings settings,
                                             std::string owner) {
  settings.filter_bits = 0;  // Timers are written, and read once, in order.
  settings.shares_tables = false;
  settings.write_buffer_bytes = std::min(settings.write_buffer_bytes, kMostBuffered);
  settings.block_cache_bytes = std::min(settings.block_cache_bytes, kMostBuffered);
  auto store = RocksStore::open(library, settings);
  check(store ? ok() : Status(store.error()), owner);
  const auto family = (*store)->addFamily("timers");
  check(family ? ok() : Status(family.error()), owner);
  return std::unique_ptr<RocksShelf>(new RocksShelf(*std::move(store), *family, std::move(owner)));
}

RocksShelf::RocksShelf(std::unique_ptr<RocksStore> store,
                       RocksStore::Family* family,
                       std::string owner)
    : store_(std::move(store)), family_(family), changes_(*store_), owner_(std::move(owner)) {}

void RocksShelf::check(const Status& status, const std::string& owner) {
  if (!status) {
    Error error = status.error();
    throw state::StateError(std::move(error).during("timers of " + owner).text());
  }
}

void RocksShelf::name(std::int64_t time, std::string_view key, std::string_view name_space) {
  name_.clear();
  putTime(time, name_);
  name_.putBytes(key.data(), key.size());
  state::endName(name_space, name_);
}

void RocksShelf::writeSome() {
  if (changes_.gathered() >= kGatheredAtMost) {
    check(changes_.write());
  }
}

void RocksShelf::put(std::int64_t time, std::string_view key, std::string_view name_space) {
  name(time, key, name_space);
  changes_.put(family_, name_.view(), {});
  if (std::exchange(empty_, false) || name_.view() < first_) {
    first_ = name_.str();
  }
  earliest_ = std::min(earliest_, time);
  writeSome();
}

void RocksShelf::remove(std::int64_t time, std::string_view key, std::string_view name_space) {
  if (!empty_) {
    name(time, key, name_space);
    changes_.remove(family_, name_.view());
    writeSome();
  }
}

RocksShelf::Timer RocksShelf::timerOf(std::string_view name) const {
  Timer timer;
  std::uint32_t size = 0;
  bool whole = name.size() >= kTimeBytes + sizeof size;
  if (whole) {
    Reader end(name.substr(name.size() - sizeof size));
    size = end.get<std::uint32_t>();
    whole = size <= name.size() - kTimeBytes - sizeof size;
  }
  if (!whole) {
    check(Error(ErrorCode::kCorruption,
                "RocksDB in " + store_->path() + " holds a timer that cannot be read"));
  }
  timer.time = timeOf(name);
  name.remove_prefix(kTimeBytes);
  name.remove_suffix(sizeof size);
  timer.key = name.substr(0, name.size() - size);
  timer.name_space = name.substr(name.size() - size);
  return timer;
}

std::vector<RocksShelf::Timer> RocksShelf::take(std::size_t most) {
  std::vector<Timer> taken;
  if (empty_) {
    return taken;
  }
  check(changes_.write());
  {
    const RocksStore::View view(*store_);
    RocksStore::Walk walk(view, family_, first_);
    std::string_view name;
    std::string_view value;
    empty_ = true;
    earliest_ = std::numeric_limits<std::int64_t>::max();
    while (true) {
      const Result<bool> found = walk.next(name, value);
      check(found ? ok() : Status(found.error()));
      if (!*found) {
        break;
      }
      if (taken.size() == most) {
        empty_ = false;
        first_ = name;
        earliest_ = timeOf(name);
        break;
      }
      taken.push_back(timerOf(name));
      changes_.remove(family_, name);
    }
  }
  check(changes_.write());
  return taken;
}

}  // namespace weir::worker
