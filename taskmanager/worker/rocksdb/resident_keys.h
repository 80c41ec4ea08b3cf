#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "common/state/column_tier.h"
#include "common/state/keyed_backend.h"

namespace weir::worker {

/// The keys of one backend that are in memory, by slot: what lies below of each, which were used,
/// and what they take.
///
/// Lives as long as its tier. Threads: the tier's.
class ResidentKeys {
 public:
  using Columns = state::ColumnTier::Columns;
  /// One slot.
  struct Resident {
    std::uint64_t digest = 0;  ///< Of what lies below: the sum of digestOf() of its cells.
    std::uint32_t owned = 0;   ///< Bytes elsewhere, as last counted, in units.
    bool live = false;         ///< Else the slot has no key.
    bool below = false;        ///< Some cells lie in the store.
  };

  /// The backend outlives this.
  explicit ResidentKeys(state::KeyedBackend& backend) : backend_(backend) {}

  Resident& operator[](state::Slot slot) { return residents_[slot]; }
  /// Slots, with a key or without.
  std::size_t size() const { return residents_.size(); }

  /// Keys that were not in memory. Nothing of them lies below as far as is known.
  void add(std::span<const state::Slot> fresh);
  /// A batch uses them, and perhaps changes them.
  void use(std::span<const state::Slot> slots);
  /// The key is in memory no more.
  void remove(state::Slot slot);

  /// Brings the account of memory up to date after a batch.
  void count(Columns columns);
  /// What the keys take, about.
  std::uint64_t bytes() const { return live_ * bytes_per_key_ + owned_units_ * kUnit; }

  /// The next key that no batch has used since the clock's hand last came by, and that nobody
  /// holds. nullopt after so many looks, which are counted down.
  std::optional<state::Slot> nextUnused(std::size_t& looks);

  /// Those that may have changed since they were last asked for.
  std::vector<state::Slot> takeChanged();
  /// To be asked for again.
  void change(state::Slot slot) { referenced_[slot] |= kChanged; }

 private:
  static constexpr std::size_t kUnit = 16;     // Of bytes that keys own elsewhere.
  static constexpr std::uint8_t kUsed = 1;     // Since the hand came by.
  static constexpr std::uint8_t kChanged = 2;  // Perhaps, since tables were made.

  void recount(Columns columns);

  state::KeyedBackend& backend_;
  std::vector<Resident> residents_;
  // By slot: kUsed and kChanged. Apart, as it is all that is written for a key that is here.
  std::vector<std::uint8_t> referenced_;
  std::uint64_t live_ = 0;
  std::uint64_t owned_units_ = 0;
  std::size_t columns_counted_ = 0;
  std::uint64_t bytes_per_key_ = 0;  // Without what it owns elsewhere.
  bool counts_owned_ = false;
  std::vector<state::Slot> batch_;  // Slots used, where they may own memory.
  std::size_t hand_ = 0;            // Of the clock: the slot to look at next.
};

}  // namespace weir::worker
