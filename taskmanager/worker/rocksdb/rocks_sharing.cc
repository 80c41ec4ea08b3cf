#include "taskmanager/worker/rocksdb/rocks_sharing.h"

#include <filesystem>
#include <fstream>
#include <sstream>
#include <utility>

#include "common/base/crash_point.h"
#include "common/record/key_hash.h"

namespace weir::worker {

namespace {

constexpr std::size_t kSettleAtOnce = 1 << 20;  // Bytes of a WriteBatch.

/// Removes the directory when its last owner goes.
std::shared_ptr<void> keep(const std::string& directory) {
  return {nullptr, [directory](void*) {
            std::error_code ignored;
            std::filesystem::remove_all(directory, ignored);
          }};
}

/// What RocksDB has linked or written there: its tables, and what says which they are.
Status list(const std::string& directory, state::SharedTables& to) {
  std::error_code error;
  for (std::filesystem::directory_iterator at(directory, error), end; !error && at != end;
       at.increment(error)) {
    const std::string name = at->path().filename().string();
    const std::uint64_t size = at->file_size(error);
    if (error) {
      break;
    }
    if (name.ends_with(".sst")) {
      to.tables.push_back({name, size});
    } else if (name == "CURRENT" || name.starts_with("MANIFEST-")) {
      std::ifstream file(at->path(), std::ios::binary);
      std::ostringstream bytes;
      bytes << file.rdbuf();
      to.files.push_back({name, bytes.str()});
      if (!file || to.files.back().bytes.size() != size) {
        return Error(ErrorCode::kIo, "could not read " + at->path().string());
      }
    }
  }
  return error
             ? Status(Error(ErrorCode::kIo, "could not list " + directory + ": " + error.message()))
             : ok();
}

}  // namespace

std::uint64_t digestOf(std::size_t index, std::string_view value) {
  return record::xxh3OfWord(record::xxh3(value.data(), value.size()) + index);
}

RocksSharing::RocksSharing(std::shared_ptr<RocksStore> store,
                           std::vector<RocksStore::Family*> families,
                           std::vector<state::Slot> slots,
                           std::vector<Key> keys)
    : store_(std::move(store)),
      families_(std::move(families)),
      slots_(std::move(slots)),
      keys_(std::move(keys)),
      changes_(std::in_place, *store_) {}

Status RocksSharing::settle(std::size_t index,
                            std::string_view name,
                            std::span<const std::string_view> cells) {
  Key& key = keys_[index];
  std::uint64_t digest = 0;
  bool any = false;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (cells[i].data() != nullptr) {
      digest += digestOf(i, cells[i]);
      any = true;
    }
  }
  if (key.below == any && key.digest == digest) {
    return ok();  // Only read.
  }
  for (std::size_t i = 0; i < cells.size() && i < families_.size(); ++i) {
    if (cells[i].data() != nullptr) {
      changes_->put(families_[i], name, cells[i]);
    } else if (key.below) {
      changes_->remove(families_[i], name);
    }
  }
  key = {digest, any};
  return changes_->gathered() >= kSettleAtOnce ? changes_->write() : ok();
}

Result<state::SharedTables> RocksSharing::tables() {
  WEIR_RETURN_IF_ERROR(changes_->write());
  crashPoint("tables.settled");
  WEIR_RETURN_IF_ERROR(store_->health());
  state::SharedTables tables;
  WEIR_TRY(tables.directory, store_->linkTables());
  tables.kept = keep(tables.directory);
  for (RocksStore::Family* family : families_) {
    state::SharedTables::State& one = tables.states.emplace_back();
    one.entries = store_->entriesOf(family);
    one.bytes = store_->bytesOf(family);
  }
  end(true);
  crashPoint("tables.linked");
  WEIR_RETURN_IF_ERROR(list(tables.directory, tables));
  return tables;
}

void RocksSharing::end(bool whole) {
  if (ended_.load()) {
    return;
  }
  changes_.reset();
  whole_ = whole;
  store_.reset();
  const std::lock_guard lock(mutex_);
  ended_.store(true);
  end_.notify_all();
}

void RocksSharing::wait() const {
  std::unique_lock lock(mutex_);
  end_.wait(lock, [this] { return ended_.load(); });
}

}  // namespace weir::worker
