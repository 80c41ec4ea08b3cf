#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "common/rocksdb/rocks_library.h"

namespace weir::worker {

using rocks::RocksLibrary;

/// How the stores of a worker are kept.
struct RocksSettings {
  std::string library;                   ///< For RocksLibrary::load().
  std::string directory;                 ///< Stores get directories of their own in it.
  std::uint64_t cache_bytes = 0;         ///< Of cells in memory, of all backends together.
  std::uint64_t block_cache_bytes = 0;   ///< Of each store.
  std::uint64_t write_buffer_bytes = 0;  ///< Of each column family.
  int write_buffers = 2;                 ///< Of each column family.
  int background_jobs = 2;               ///< Flushes and compactions at once.
  double filter_bits = 10;               ///< Of Bloom filters, for each key; 0: none.
  std::string compression = "none";
  std::size_t timers_in_memory = 1 << 16;  ///< Of each operator, subtask and domain.
  bool shares_tables = false;  ///< Snapshots share the files of the stores where they may.
};

/// One RocksDB in a directory of its own, which goes with it: what it holds need not survive the
/// process, so there is no log. Names and values are bytes; each state is a column family.
///
/// One thread writes at a time and one reads; frozen views read on others. Flushes and compactions
/// run on threads of RocksDB's. Errors: kInternal or kResourceExhausted, with the path and what the
/// disk has left.
class RocksStore {
 public:
  using Family = rocksdb_column_family_handle_t;

  /// `library` outlives the store.
  static Result<std::unique_ptr<RocksStore>> open(const RocksLibrary& library,
                                                  const RocksSettings& settings);
  ~RocksStore();
  RocksStore(const RocksStore&) = delete;
  RocksStore& operator=(const RocksStore&) = delete;

  const std::string& path() const { return path_; }
  const RocksLibrary& library() const { return rocks_; }
  /// Lives as long as the store.
  Result<Family*> addFamily(const std::string& name);
  /// Calls `each` with the index of every name that was found and its value.
  Status multiGet(Family* family,
                  std::span<const std::string_view> names,
                  const std::function<Status(std::size_t, std::string_view)>& each);
  /// An Error once a flush or compaction has failed: what follows will fail too.
  Status health() const;
  /// Flushes everything, and makes a directory next to the store of links to its files as they are
  /// then. While nobody writes.
  Result<std::string> linkTables();
  /// About: of a family, keys and bytes in files.
  std::uint64_t entriesOf(Family* family) const;
  std::uint64_t bytesOf(Family* family) const;

  class Walk;
  friend class RocksChanges;

  /// The store as it was when the view was made. Ends before the store.
  class View {
   public:
    explicit View(const RocksStore& store);
    ~View();
    View(const View&) = delete;
    View& operator=(const View&) = delete;

   private:
    friend Walk;
    const RocksStore& store_;
    const rocksdb_snapshot_t* snapshot_;
  };
  /// Goes through a family of a view, in the order of names, from the first one that is not before
  /// `from`, which outlives it.
  class Walk {
   public:
    Walk(const View& view, Family* family, std::string_view from = {});
    ~Walk();
    Walk(const Walk&) = delete;
    Walk& operator=(const Walk&) = delete;
    /// False at the end. Name and value are valid up to the next call.
    Result<bool> next(std::string_view& name, std::string_view& value);

   private:
    const RocksStore& store_;
    rocksdb_readoptions_t* options_;
    rocksdb_iterator_t* at_;
    std::string_view from_;
    bool begun_ = false;
  };

 private:
  RocksStore(const RocksLibrary& library, std::string path);
  void configure(const RocksSettings& settings);
  Status openNow(const RocksSettings& settings);
  /// What RocksDB says, which is freed.
  Error failed(const char* what, char* says) const;

  const RocksLibrary& rocks_;
  std::string path_;
  rocksdb_options_t* options_ = nullptr;
  rocksdb_cache_t* block_cache_ = nullptr;
  rocksdb_readoptions_t* reads_ = nullptr;
  rocksdb_writeoptions_t* writes_ = nullptr;
  rocksdb_t* db_ = nullptr;
  std::vector<Family*> families_;
  std::vector<const char*> name_starts_;  // Of multiGet(), as are the following.
  std::vector<std::size_t> name_sizes_;
  std::vector<rocksdb_pinnableslice_t*> found_;
  std::vector<char*> errors_;
};

}  // namespace weir::worker
