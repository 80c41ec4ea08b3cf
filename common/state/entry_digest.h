#pragma once

#include <cstdint>
#include <string_view>

#include "common/record/content_hash.h"
#include "common/schema/schema.h"

namespace weir::state {

/// What entries of one state add to the digest of their key group, as snapshot_format.md has it.
///
/// A digest is the sum of its entries' hashes, modulo 2^64, beside their number: whatever order
/// they come in, and whatever tables they come from, equal entries give equal digests. This is
/// MSet-Add-Hash of Clarke et al., "Incremental Multiset Hash Functions" (ASIACRYPT 2003), with
/// XXH3-64 for its hash. It guards against faults of programs and machines, not against who chooses
/// entries to deceive it: one entry that is lost, doubled, or another goes unnoticed once in 2^64,
/// and an exclusive or in place of the sum would not see any that is there three times. Any thread.
class EntryDigest {
 public:
  EntryDigest(const record::Schema& key, const record::Schema& value) : key_(key), value_(value) {}

  std::uint64_t of(std::string_view key, std::string_view name_space, std::string_view value) const;
  /// Of an element of operator state, which has no key.
  std::uint64_t of(std::string_view element) const { return value_.of(element); }

 private:
  record::ContentHash key_;
  record::ContentHash value_;
};

}  // namespace weir::state
