#pragma once

#include "common/config/option.h"

/// Options of the RocksDB backend, of the cluster or of a job.
namespace weir::config {

inline constexpr auto kRocksCache =
    Option<MemorySize>(
        "state.backend.rocksdb.cache-memory",
        "256 mb",
        "What the keys and values in memory may take for each slot, shared equally by "
        "the operators with keyed state; others go to RocksDB.")
        .range(64 << 10);
inline constexpr auto kIncremental =
    Option<bool>(
        "state.backend.incremental",
        "false",
        "With state.backend: rocksdb, periodic checkpoints in files share what has not "
        "changed since the last one (its tables, in the job's shared/), and the state takes "
        "up to twice its size on the disks of task managers; savepoints are whole always.")
        .alias({"state.backend.rocksdb.incremental", "execution.checkpointing.incremental"});
inline constexpr auto kRocksBlockCache =
    Option<MemorySize>("state.backend.rocksdb.block.cache-size",
                       "32 mb",
                       "RocksDB's cache of blocks of its files, of each operator and subtask.")
        .range(64 << 10)
        .forAudience(Audience::kTuning);
inline constexpr auto kRocksWriteBuffer =
    Option<MemorySize>("state.backend.rocksdb.writebuffer.size",
                       "32 mb",
                       "Size at which RocksDB writes what was evicted to a file, of each state.")
        .range(64 << 10)
        .forAudience(Audience::kTuning);
inline constexpr auto kRocksWriteBuffers =
    Option<std::int64_t>("state.backend.rocksdb.writebuffer.count",
                         "3",
                         "How many such buffers a state may have, one being filled, others being "
                         "written.")
        .range(2, 64)
        .forAudience(Audience::kTuning);
inline constexpr auto kRocksThreads =
    Option<std::int64_t>(
        "state.backend.rocksdb.thread.num",
        "2",
        "How many flushes and compactions run at once in a worker, beside its tasks; operators and "
        "subtasks share them.")
        .range(1, 256)
        .forAudience(Audience::kTuning);
inline constexpr auto kRocksFilterBits =
    Option<std::int64_t>("state.backend.rocksdb.bloom-filter.bits-per-key",
                         "10",
                         "Bits of the Bloom filters for each key; 0: no filters.")
        .range(0, 64)
        .forAudience(Audience::kTuning);
inline constexpr auto kRocksCompression =
    Option<std::string>(
        "state.backend.rocksdb.compression", "none", "How RocksDB compresses blocks of its files.")
        .oneOf({"none", "lz4", "zstd"})
        .forAudience(Audience::kTuning);
inline constexpr auto kRocksLibrary =
    Option<std::string>("state.backend.rocksdb.library",
                        "librocksdb.so.7.8",
                        "The shared library, a name or a path, that a worker loads when its job's "
                        "state.backend is rocksdb; that of Debian's package librocksdb7.8.")
        .forAudience(Audience::kTuning);

}  // namespace weir::config
