#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <type_traits>

#include "common/record/serializer.h"
#include "common/schema/window_schema.h"
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
    } else if constexpr (kByValue) {
      Known& known = lookUp(window);
      if (known.id == state::kNoNamespace) {
        const state::NamespaceId id = backend_->namespaces().idOf(bytesOf(window));
        known = {window, id, backend_->namespaces().version()};
      }
      return known.id;
    } else {
      return backend_->namespaces().idOf(bytesOf(window));
    }
  }
  /// The same where a key may be in it, else the empty one.
  state::NamespaceId find(const W& window)
    requires(!kPlain)
  {
    if (backend_->hasTier()) {
      return of(window);  // The key may lie below.
    }
    if constexpr (kByValue) {
      Known& known = lookUp(window);
      if (known.window != window) {
        const state::NamespaceId id = backend_->namespaces().find(bytesOf(window));
        known = {window, id, backend_->namespaces().version()};
      }
      return known.id;
    } else {
      return backend_->namespaces().find(bytesOf(window));
    }
  }
  /// Whether any is that of a window of which this is true.
  template <typename Is>
  bool any(Is is) const {
    return backend_->namespaces().any([&is](std::string_view encoded) {
      Reader from(encoded);
      return is(record::read<W>(from));
    });
  }
  /// The window that a slot is of.
  W windowAt(state::Slot slot) {
    if constexpr (kPlain) {
      return {};
    } else {
      const state::NamespaceId id = backend_->namespaceAt(slot);
      if constexpr (kByValue) {
        const std::uint64_t version = backend_->namespaces().version();
        if (last_.id != id || last_.version != version) {
          last_ = {decoded(id), id, version};
        }
        return last_.window;
      } else {
        return decoded(id);
      }
    }
  }
  /// The namespace of what a key has beside its windows: not that of a window.
  static state::NamespaceId ofKey(state::KeyedBackend& backend) {
    return kPlain ? backend.namespaces().idOf(state::kBesideTheGlobalWindow) : state::kNoNamespace;
  }

 private:
  /// Whether windows that are equal are encoded alike.
  static constexpr bool kByValue = std::is_same_v<W, TimeWindow>;
  static constexpr std::size_t kKnown = 64;
  /// No window of ours: it would end before it begins.
  static constexpr TimeWindow kNone{1, 0};

  struct Known {
    TimeWindow window = kNone;
    state::NamespaceId id = state::kNoNamespace;
    std::uint64_t version = 0;  // Of the backend's table, when it said so.
  };

  std::string_view bytesOf(const W& window) {
    bytes_.clear();
    record::write<W>(window, bytes_);
    return bytes_.view();
  }
  W decoded(state::NamespaceId id) const {
    Reader from(backend_->namespaces().bytesOf(id));
    return record::read<W>(from);
  }
  /// Where a window stands if it is known; another's place becomes empty, and that of one whose
  /// number may be another window's by now.
  Known& lookUp(const TimeWindow& window) {
    const auto mixed =
        static_cast<std::uint64_t>(window.start) * 31 + static_cast<std::uint64_t>(window.end);
    Known& known = known_[(mixed * 0x9E3779B97F4A7C15ULL) >> 58];  // 2^64 / golden ratio; 6 bits.
    const std::uint64_t version = backend_->namespaces().version();
    if (known.window == window && known.version == version) [[likely]] {
      return known;
    }
    if (known.window == window && known.id != state::kNoNamespace &&
        backend_->namespaces().bytesOf(known.id) == bytesOf(window)) {
      known.version = version;
    } else {
      known = {};
    }
    return known;
  }

  state::KeyedBackend* backend_ = nullptr;
  Writer bytes_;
  std::array<Known, kKnown> known_{};
  Known last_;  // Of windowAt().
};

}  // namespace weir::windows
