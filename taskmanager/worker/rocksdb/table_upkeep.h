#pragma once

#include <string>

#include "taskmanager/worker/rocksdb/rocks_store.h"

/// How RocksDB's tables are written and merged.
namespace weir::worker {

/// What the C interface has no functions for. One thread writes, many names in their order: the
/// next one's place in the memtable is looked for from that of the last one in its key group.
inline constexpr const char* kMoreOptions =
    "avoid_flush_during_shutdown=true;allow_concurrent_memtable_write=false;"
    "memtable_insert_with_hint_prefix_extractor=rocksdb.FixedPrefix.2;"
    "max_manifest_file_size=1048576";  // Each shared snapshot stores it.

/// Of stores whose tables snapshots share. Each table that a compaction wrote is stored anew, and
/// leveled compaction merges every few flushes of random keys into all that there is. Tables are
/// therefore merged with those of about their size: 16 flushes into one, 16 of these into a larger
/// one, and all once what is newer takes as much as the oldest. The price is disk, up to twice what
/// is live and more while all is merged, and Bloom filters of up to 16 tables to be asked.
inline constexpr const char* kSharedTables =
    "compaction_style=kCompactionStyleUniversal;level0_file_num_compaction_trigger=16;"
    "level0_slowdown_writes_trigger=40;level0_stop_writes_trigger=60;"
    "compaction_options_universal={size_ratio=20;max_size_amplification_percent=100};";
/// Of other stores whose tables have filters: with them, twice as many flushes as by default wait
/// for a compaction, which halves what compactions cost, and look-ups cost the same.
inline constexpr const char* kFilteredTables =
    "level0_file_num_compaction_trigger=8;level0_slowdown_writes_trigger=24;"
    "level0_stop_writes_trigger=40;";

/// As options of RocksDB in text.
inline std::string upkeepOf(const RocksSettings& settings) {
  const char* compactions =
      settings.shares_tables ? kSharedTables : (settings.filter_bits > 0 ? kFilteredTables : "");
  return std::string(compactions) + kMoreOptions;
}

}  // namespace weir::worker
