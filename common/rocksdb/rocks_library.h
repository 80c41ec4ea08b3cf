#pragma once

#include <string>

#include <rocksdb/c.h>

#include "common/base/result.h"

namespace weir::rocks {

// clang-format off
/// What is called of RocksDB's C interface.
#define WEIR_ROCKSDB_FUNCTIONS(X)                                                                  \
  X(batched_multi_get_cf) X(block_based_options_create) X(block_based_options_destroy)            \
  X(block_based_options_set_block_cache) X(block_based_options_set_filter_policy)                 \
  X(block_based_options_set_format_version) X(cache_create_lru) X(cache_destroy)                  \
  X(cancel_all_background_work) X(checkpoint_create) X(checkpoint_object_create)                  \
  X(checkpoint_object_destroy) X(close) X(column_family_handle_destroy) X(create_column_family)   \
  X(create_iterator_cf) X(create_snapshot) X(filterpolicy_create_bloom_full) X(free)              \
  X(get_options_from_string) X(iter_destroy) X(iter_get_error) X(iter_key) X(iter_next)           \
  X(iter_seek) X(iter_seek_to_first) X(iter_valid) X(iter_value) X(list_column_families)          \
  X(list_column_families_destroy) X(open) X(open_for_read_only_column_families)                   \
  X(options_create) X(options_destroy) X(options_set_block_based_table_factory)                   \
  X(options_set_compression) X(options_set_create_if_missing)                                     \
  X(options_set_db_write_buffer_size) X(options_set_info_log_level)                               \
  X(options_set_level_compaction_dynamic_level_bytes) X(options_set_max_background_jobs)          \
  X(options_set_max_open_files) X(options_set_max_write_buffer_number)                            \
  X(options_set_memtable_prefix_bloom_size_ratio) X(options_set_memtable_whole_key_filtering)     \
  X(options_set_write_buffer_size) X(pinnableslice_destroy) X(pinnableslice_value)                \
  X(property_int) X(property_int_cf) X(readoptions_create) X(readoptions_destroy)                 \
  X(readoptions_set_fill_cache) X(readoptions_set_snapshot) X(release_snapshot) X(write)          \
  X(writebatch_clear) X(writebatch_create) X(writebatch_delete_cf) X(writebatch_destroy)          \
  X(writebatch_put_cf) X(writeoptions_create) X(writeoptions_destroy)                             \
  X(writeoptions_disable_WAL)
// clang-format on

/// RocksDB, loaded into this process when it is first asked for and never again let go: jobs that
/// do not choose it pay nothing for it. Read-only once it is loaded.
struct RocksLibrary {
#define WEIR_DECLARE_(name) decltype(&rocksdb_##name) name = nullptr;
  WEIR_ROCKSDB_FUNCTIONS(WEIR_DECLARE_)
#undef WEIR_DECLARE_

  /// `file` is a name or path for dlopen(). Lives as long as the process. Errors: kInvalidArgument
  /// where it is not installed, or is another version than functions are needed of.
  static Result<const RocksLibrary*> load(const std::string& file);
  /// One that is loaded already, or that of the option's default: for whoever only reads.
  static Result<const RocksLibrary*> loadAny();
};

}  // namespace weir::rocks
