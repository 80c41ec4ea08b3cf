#include "taskmanager/worker/rocksdb/rocks_store.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <utility>

#include <unistd.h>

#include "common/base/text.h"
#include "taskmanager/worker/rocksdb/table_upkeep.h"

namespace weir::worker {

namespace {

constexpr std::size_t kMostOfOneGet = 1024;

/// Of lines in RocksDB's own log: nothing but what is fatal. Every error comes to us as well, and
/// Debian's RocksDB is built with assertions, one of which ends the process at the second line that
/// a full disk does not take.
constexpr int kFatalOnly = 4;

std::string freeBytesAt(const std::string& path) {
  std::error_code error;
  const auto space = std::filesystem::space(path, error);
  return error ? "an unknown number of bytes" : std::to_string(space.available) + " bytes";
}

int compressionOf(const std::string& name) {
  return name == "lz4" ? rocksdb_lz4_compression
                       : (name == "zstd" ? rocksdb_zstd_compression : rocksdb_no_compression);
}

}  // namespace

RocksStore::RocksStore(const RocksLibrary& library, std::string path)
    : rocks_(library),
      path_(std::move(path)),
      reads_(rocks_.readoptions_create()),
      writes_(rocks_.writeoptions_create()) {
  rocks_.writeoptions_disable_WAL(writes_, 1);
}

RocksStore::~RocksStore() {
  if (db_ != nullptr) {
    rocks_.cancel_all_background_work(db_, 1);
    for (Family* family : families_) {
      rocks_.column_family_handle_destroy(family);
    }
    rocks_.close(db_);
  }
  rocks_.writeoptions_destroy(writes_);
  rocks_.readoptions_destroy(reads_);
  if (options_ != nullptr) {
    rocks_.options_destroy(options_);
  }
  if (block_cache_ != nullptr) {
    rocks_.cache_destroy(block_cache_);
  }
  std::error_code ignored;  // The directory goes with the task manager's at the latest.
  std::filesystem::remove_all(path_, ignored);
}

Result<std::unique_ptr<RocksStore>> RocksStore::open(const RocksLibrary& library,
                                                     const RocksSettings& settings) {
  std::string path = settings.directory + "/weir-state-XXXXXX";
  if (::mkdtemp(path.data()) == nullptr) {
    return systemError(errno, "create a directory for state in " + settings.directory)
        .advise("set taskmanager.tmp.dirs to a directory that can be written");
  }
  std::unique_ptr<RocksStore> store(new RocksStore(library, std::move(path)));
  store->configure(settings);
  WEIR_RETURN_IF_ERROR(store->openNow(settings));
  return store;
}

void RocksStore::configure(const RocksSettings& settings) {
  options_ = rocks_.options_create();
  rocks_.options_set_create_if_missing(options_, 1);
  rocks_.options_set_info_log_level(options_, kFatalOnly);
  rocks_.options_set_max_background_jobs(options_, settings.background_jobs);
  rocks_.options_set_max_open_files(options_, -1);
  rocks_.options_set_write_buffer_size(options_, settings.write_buffer_bytes);
  rocks_.options_set_max_write_buffer_number(options_, settings.write_buffers);
  rocks_.options_set_level_compaction_dynamic_level_bytes(options_, 1);
  rocks_.options_set_compression(options_, compressionOf(settings.compression));
  // Filters are of whole names: a look-up knows all of one, and nobody scans by key. Prefixes of
  // key group and key would say "perhaps" of each new window of a known key. Of 2 M names, 4
  // windows a key, 614,000 absent windows a second are told from MultiGets with whole names, 42,000
  // with prefixes, 65,000 without filters, 232,000 with both; names that are there 59,000, 36,000,
  // 51,000, 24,000 (two cores, 32 MiB of block cache).
  if (settings.filter_bits > 0) {
    rocks_.options_set_memtable_whole_key_filtering(options_, 1);
    rocks_.options_set_memtable_prefix_bloom_size_ratio(options_, 0.1);
  }
  rocksdb_block_based_table_options_t* table = rocks_.block_based_options_create();
  block_cache_ = rocks_.cache_create_lru(settings.block_cache_bytes);
  rocks_.block_based_options_set_block_cache(table, block_cache_);
  rocks_.block_based_options_set_format_version(table, 5);
  if (settings.filter_bits > 0) {
    rocks_.block_based_options_set_filter_policy(  // Which takes it over.
        table,
        rocks_.filterpolicy_create_bloom_full(settings.filter_bits));
  }
  rocks_.options_set_block_based_table_factory(options_, table);
  rocks_.block_based_options_destroy(table);
}

Status RocksStore::openNow(const RocksSettings& settings) {
  const std::string more = upkeepOf(settings);
  char* error = nullptr;
  rocksdb_options_t* all =
      rocks_.options_create();  // Has what the C interface has no function for.
  rocks_.get_options_from_string(options_, more.c_str(), all, &error);
  if (error == nullptr) {
    rocks_.options_destroy(std::exchange(options_, all));
    db_ = rocks_.open(options_, path_.c_str(), &error);
  } else {
    rocks_.options_destroy(all);
  }
  return error == nullptr ? ok() : Status(failed("open", error));
}

Result<RocksStore::Family*> RocksStore::addFamily(const std::string& name) {
  char* error = nullptr;
  Family* family = rocks_.create_column_family(db_, options_, name.c_str(), &error);
  if (error != nullptr) {
    return failed("add a state to", error);
  }
  families_.push_back(family);
  return family;
}

Status RocksStore::multiGet(Family* family,
                            std::span<const std::string_view> names,
                            const std::function<Status(std::size_t, std::string_view)>& each) {
  Status status = ok();
  for (std::size_t begin = 0; begin < names.size() && status; begin += kMostOfOneGet) {
    const auto part = names.subspan(begin, std::min(kMostOfOneGet, names.size() - begin));
    name_starts_.clear();
    name_sizes_.clear();
    for (const std::string_view name : part) {
      name_starts_.push_back(name.data());
      name_sizes_.push_back(name.size());
    }
    found_.assign(part.size(), nullptr);
    errors_.assign(part.size(), nullptr);
    rocks_.batched_multi_get_cf(db_,
                                reads_,
                                family,
                                part.size(),
                                name_starts_.data(),
                                name_sizes_.data(),
                                found_.data(),
                                errors_.data(),
                                false);
    for (std::size_t i = 0; i < part.size(); ++i) {
      if (errors_[i] != nullptr) {
        Error error = failed("read", errors_[i]);
        status = status ? Status(std::move(error)) : std::move(status);
      } else if (found_[i] != nullptr) {
        std::size_t size = 0;
        const char* value = rocks_.pinnableslice_value(found_[i], &size);
        if (status) {
          status = each(begin + i, {value, size});
        }
        rocks_.pinnableslice_destroy(found_[i]);
      }
    }
  }
  return status;
}

Status RocksStore::health() const {
  std::uint64_t failures = 0;
  if (rocks_.property_int(db_, "rocksdb.background-errors", &failures) == 0 && failures != 0) {
    return Error(ErrorCode::kResourceExhausted,
                 "RocksDB in " + path_ +
                     " could not write its files in the background, where the disk has " +
                     freeBytesAt(path_) + " left")
        .advise("make room there, or set taskmanager.tmp.dirs to a larger disk");
  }
  return ok();
}

Result<std::string> RocksStore::linkTables() {
  std::string directory =
      (std::filesystem::path(path_).parent_path() / "weir-tables-XXXXXX").string();
  if (::mkdtemp(directory.data()) == nullptr) {
    return systemError(errno, "create a directory for links to state beside " + path_);
  }
  ::rmdir(directory.c_str());  // RocksDB makes it itself; nobody else draws such a name.
  char* error = nullptr;
  rocksdb_checkpoint_t* checkpoint = rocks_.checkpoint_object_create(db_, &error);
  if (error == nullptr) {
    rocks_.checkpoint_create(checkpoint, directory.c_str(), 0, &error);
    rocks_.checkpoint_object_destroy(checkpoint);
  }
  if (error != nullptr) {
    Error failure = failed("write the files of", error);
    std::error_code ignored;
    std::filesystem::remove_all(directory, ignored);
    std::filesystem::remove_all(directory + ".tmp", ignored);  // Its own first name for it.
    return failure;
  }
  return directory;
}

std::uint64_t RocksStore::entriesOf(Family* family) const {
  std::uint64_t value = 0;
  return rocks_.property_int_cf(db_, family, "rocksdb.estimate-num-keys", &value) == 0 ? value : 0;
}

std::uint64_t RocksStore::bytesOf(Family* family) const {
  std::uint64_t value = 0;
  return rocks_.property_int_cf(db_, family, "rocksdb.live-sst-files-size", &value) == 0 ? value
                                                                                         : 0;
}

Error RocksStore::failed(const char* what, char* says) const {
  const std::string cause = says;
  rocks_.free(says);
  return Error(cause.starts_with("IO error") ? ErrorCode::kResourceExhausted : ErrorCode::kInternal,
               std::string("could not ") + what + " RocksDB in " + path_ + ", where the disk has " +
                   freeBytesAt(path_) + " left: " + cause)
      .advise("make room there, or set taskmanager.tmp.dirs to a larger disk");
}

RocksStore::View::View(const RocksStore& store)
    : store_(store), snapshot_(store.rocks_.create_snapshot(store.db_)) {}

RocksStore::View::~View() { store_.rocks_.release_snapshot(store_.db_, snapshot_); }

RocksStore::Walk::Walk(const View& view, Family* family, std::string_view from)
    : store_(view.store_), options_(store_.rocks_.readoptions_create()), from_(from) {
  store_.rocks_.readoptions_set_snapshot(options_, view.snapshot_);
  store_.rocks_.readoptions_set_fill_cache(options_, 0);
  at_ = store_.rocks_.create_iterator_cf(store_.db_, options_, family);
}

RocksStore::Walk::~Walk() {
  store_.rocks_.iter_destroy(at_);
  store_.rocks_.readoptions_destroy(options_);
}

Result<bool> RocksStore::Walk::next(std::string_view& name, std::string_view& value) {
  if (begun_) {
    store_.rocks_.iter_next(at_);
  } else if (from_.empty()) {
    store_.rocks_.iter_seek_to_first(at_);
  } else {
    store_.rocks_.iter_seek(at_, from_.data(), from_.size());
  }
  begun_ = true;
  if (store_.rocks_.iter_valid(at_) == 0) {
    char* error = nullptr;
    store_.rocks_.iter_get_error(at_, &error);
    if (error != nullptr) {
      return store_.failed("read", error);
    }
    return false;
  }
  std::size_t size = 0;
  const char* bytes = store_.rocks_.iter_key(at_, &size);
  name = {bytes, size};
  bytes = store_.rocks_.iter_value(at_, &size);
  value = {bytes, size};
  return true;
}

}  // namespace weir::worker
