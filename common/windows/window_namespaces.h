#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <type_traits>

#include "common/record/serializer.h"
#include "common/state/keyed_backend.h"
#include "common/windows/window.h"

namespace weir::windows {

/// Windows as the namespaces of a backend: the encoded window, but nothing for the global one,
/// whose keys are found as fast as those of other operators.
template <typename W>
class WindowNamespaces {
 public:
  static constexpr bool kPlain = std::is_same_v<W, GlobalWindow>;

  /// `backend` outlives this.
  void setBackend(state::KeyedBackend* backend) { backend_ = backend; }

  state::NamespaceId of(const W& window) {
    if constexpr (kPlain) {
      return state::kNoNamespace;
    } else {
      const std::string_view encoded = bytesOf(window);
      state::NamespaceId& known = known_[placeOf(encoded)];
      // A number may be another window's by now.
      if (known == state::kNoNamespace || backend_->namespaces().bytesOf(known) != encoded) {
        known = backend_->namespaces().idOf(encoded);
      }
      return known;
    }
  }
  /// The encoded window.
  std::string_view bytesOf(const W& window) {
    bytes_.clear();
    record::write<W>(window, bytes_);
    return bytes_.view();
  }
  /// The window that a slot is of.
  W windowAt(state::Slot slot) const {
    if constexpr (kPlain) {
      return {};
    } else {
      Reader from(backend_->namespaces().bytesOf(backend_->namespaceAt(slot)));
      return record::read<W>(from);
    }
  }
  /// The namespace of what a key has beside its windows: not that of a window.
  static state::NamespaceId ofKey(state::KeyedBackend& backend) {
    return kPlain ? backend.namespaces().idOf("\1") : state::kNoNamespace;
  }

 private:
  static constexpr std::size_t kKnown = 64;

  static std::size_t placeOf(std::string_view encoded) {
    std::uint64_t mixed = 0;
    for (const char c : encoded) {
      mixed = mixed * 31 + static_cast<unsigned char>(c);
    }
    return (mixed * 0x9E3779B97F4A7C15ULL) >> 58;  // 2^64 / golden ratio; the upper 6 bits.
  }

  state::KeyedBackend* backend_ = nullptr;
  Writer bytes_;
  std::array<state::NamespaceId, kKnown> known_{};
};

}  // namespace weir::windows
