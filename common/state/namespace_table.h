#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "common/state/column.h"

namespace weir::state {

/// A namespace of keys in one backend, as a number.
using NamespaceId = std::uint32_t;
/// The empty one: of all state outside of windows.
inline constexpr NamespaceId kNoNamespace = 0;

/// A key that KeyedBackend::writeKey() has written, in a namespace that is in use.
struct EncodedKey {
  std::string_view key;
  NamespaceId name_space = kNoNamespace;
};

/// The namespaces that keys of one backend are in: a number for each, and the bytes that stand for
/// it in snapshots. Belongs to the backend's thread.
class NamespaceTable {
 public:
  NamespaceTable();

  /// The number of the namespace with this encoding, given at the first call. It is another's again
  /// once sweep() finds it in no use.
  NamespaceId idOf(std::string_view encoded);
  /// The same where it was given already; else that of the empty one.
  NamespaceId find(std::string_view encoded) const {
    const auto found = ids_.find(encoded);
    return found == ids_.end() ? kNoNamespace : found->second;
  }
  /// Of a number in use; nothing for the empty namespace.
  std::string_view bytesOf(NamespaceId id) const {
    const std::string* bytes = bytes_.get(id);
    return bytes == nullptr ? std::string_view() : std::string_view(*bytes);
  }
  /// One key more, or less, is in the namespace.
  void use(NamespaceId id) { ++uses_[id]; }
  void release(NamespaceId id);
  /// Forgets the namespaces without keys.
  void sweep();
  /// Whether `is` says so of the bytes of any, but for the empty one.
  template <typename Is>
  bool any(Is is) const {
    return std::ranges::any_of(ids_,
                               [&is](const auto& one) { return is(std::string_view(one.first)); });
  }
  /// But for the empty one.
  std::size_t size() const { return ids_.size(); }
  /// Another one whenever a number was given to a namespace, or taken from it.
  std::uint64_t version() const { return version_; }
  std::unique_ptr<Column<std::string>::Frozen> freeze() { return bytes_.freezeTyped(); }

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>()(text);
    }
  };

  std::unordered_map<std::string, NamespaceId, Hash, std::equal_to<>> ids_;
  Column<std::string> bytes_;        // By number; shared with snapshots.
  std::vector<std::uint64_t> uses_;  // Keys, by number.
  std::vector<NamespaceId> unused_;  // May have no keys.
  std::vector<NamespaceId> free_;    // Given to nobody.
  std::uint64_t version_ = 1;
};

}  // namespace weir::state
