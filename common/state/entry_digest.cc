#include "common/state/entry_digest.h"

#include "common/record/key_hash.h"

namespace weir::state {
namespace {

constexpr std::uint64_t kHashOfNothing = 0x2d06800538d394c2;  // XXH3-64 of no bytes.

}  // namespace

std::uint64_t EntryDigest::of(std::string_view key,
                              std::string_view name_space,
                              std::string_view value) const {
  // Hashes of its parts stand for them, so that no byte passes from one to the next.
  const std::uint64_t parts[] = {
      key_.of(key),
      name_space.empty() ? kHashOfNothing : record::xxh3(name_space.data(), name_space.size()),
      value_.of(value)};
  return record::xxh3(parts, sizeof parts);
}

}  // namespace weir::state
