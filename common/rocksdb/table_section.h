#pragma once

#include <functional>
#include <memory>
#include <string>

#include "common/base/result.h"
#include "common/rocksdb/table_manifest.h"
#include "common/state/section.h"

namespace weir::rocks {

/// Appends all bytes of a table, and checks them.
using FetchTable = std::function<Status(const TableManifest::Table& table, state::ByteSink& to)>;

/// The section that a manifest stands for, in the canonical format: what its tables hold, and then
/// `rest`. The tables are fetched into a temporary directory ($TMPDIR), read there by RocksDB, and
/// gone before this returns; what is returned is an unnamed file there.
///
/// Errors: kInvalidArgument where RocksDB is not installed; kCorruption, naming the section;
/// kResourceExhausted with what the disk has left; those of `fetch`.
Result<std::unique_ptr<state::ByteSource>> readTables(const TableManifest& manifest,
                                                      const state::ByteSource& rest,
                                                      const std::string& section,
                                                      const FetchTable& fetch);

}  // namespace weir::rocks
