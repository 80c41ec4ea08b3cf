#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "common/base/prefetch.h"
#include "common/record/owned_bytes.h"
#include "common/record/rewrites.h"
#include "common/record/serializer.h"
#include "common/schema/state_kinds.h"
#include "common/state/live_views.h"
#include "common/state/segment.h"

namespace weir::state {

/// A column as it was when it was frozen. Read by one thread at a time, which may be another than
/// the column's; destroyed on any thread.
class FrozenColumn {
 public:
  virtual ~FrozenColumn() = default;
  virtual bool has(Slot slot) const = 0;
  /// Appends the encoded cell of a slot that has one.
  virtual void write(Slot slot, Writer& to) const = 0;
  /// Fetches what has() and write() will look at.
  virtual void prefetch(Slot slot) const = 0;
  /// Of a cell that lies in a tier: false where it is to be left out. Of a cell that is written in
  /// part `encoded` becomes that, which stands in `part`.
  virtual bool keep(std::string_view& /*encoded*/, Writer& /*part*/) const { return true; }
};

/// Cells of one state, untyped. Belongs to its backend and the backend's thread.
class ColumnBase {
 public:
  /// `current`: the slot of the key at hand, in the backend.
  ColumnBase(const StateInfo& info, const Slot* current);
  virtual ~ColumnBase();
  ColumnBase(const ColumnBase&) = delete;
  ColumnBase& operator=(const ColumnBase&) = delete;

  const StateInfo& info() const { return info_; }
  /// The slot of the key at hand, or kNoSlot.
  Slot current() const { return *current_; }

  virtual bool has(Slot slot) const = 0;
  virtual void erase(Slot slot) = 0;
  virtual void prefetch(const Slot* slots, std::size_t count) const = 0;
  /// Copies where the segments are, and touches none.
  virtual std::unique_ptr<FrozenColumn> freeze() = 0;
  /// Replaces a cell by an encoded one; fails `from` when it holds none.
  virtual void restore(Slot slot, Reader& from) = 0;
  /// Appends the encoded cell of a slot that has one.
  virtual void write(Slot slot, Writer& to) const = 0;
  /// Whether write() gives the content back that restore() took.
  virtual bool rewritesAlike() const = 0;
  /// Cells that hold something.
  virtual std::uint64_t count() const = 0;
  /// What a cell takes in the column, in bytes, and whether it may own memory elsewhere.
  virtual std::size_t cellBytes() const = 0;
  virtual bool cellsOwn() const = 0;
  /// What the cell of a slot owns elsewhere, about; 0 where there is none.
  virtual std::size_t ownedBytes(Slot slot) const = 0;

 private:
  StateInfo info_;
  const Slot* current_;  // Owned by the backend, which outlives the column.
};

/// The cells of one state, one per slot, in segments that never move. A segment that a frozen view
/// still sees is copied before its first write.
template <typename V>
class Column final : public ColumnBase {
 public:
  using ColumnBase::ColumnBase;
  ~Column() override {
    for (auto* segment : segments_) {
      if (segment != nullptr) {
        retire(segment);
      }
    }
  }

  /// The cell, or nullptr. Valid until the cell is written.
  const V* get(Slot slot) const {
    const std::size_t index = slot >> kShift;
    if (index >= segments_.size()) [[unlikely]] {
      return nullptr;
    }
    const Segment<V>* segment = segments_[index];
    if (segment == nullptr || !segment->has(slot & kMask)) {
      return nullptr;
    }
    return segment->cell(slot & kMask);
  }
  /// The cell of a slot that has one.
  const V& at(Slot slot) const { return *segments_[slot >> kShift]->cell(slot & kMask); }
  /// Writes the cell; `value` may be part of the old one.
  template <typename U>
  void set(Slot slot, U&& value) {
    const std::size_t index = slot >> kShift;
    if (index >= segments_.size() || segments_[index] == nullptr ||
        segments_[index]->epoch != epoch_) [[unlikely]] {
      V copy(std::forward<U>(value));  // Before its segment may go.
      put(*own(index), slot & kMask, std::move(copy));
      return;
    }
    put(*segments_[index], slot & kMask, std::forward<U>(value));
  }
  /// The cell for writing in place, made with V(from...) when absent.
  template <typename... A>
  V& edit(Slot slot, A&&... from) {
    Segment<V>* segment = own(slot >> kShift);
    return segment->has(slot & kMask) ? *segment->cell(slot & kMask)
                                      : segment->construct(slot & kMask, std::forward<A>(from)...);
  }

  bool has(Slot slot) const override { return get(slot) != nullptr; }
  void erase(Slot slot) override {
    if (has(slot)) {
      own(slot >> kShift)->destroy(slot & kMask);
    }
  }
  void prefetch(const Slot* slots, std::size_t count) const override {
    for (std::size_t i = 0; i < count; ++i) {
      const std::size_t index = slots[i] >> kShift;
      if (index < segments_.size() && segments_[index] != nullptr) {
        prefetchForWrite(segments_[index]->cells + (slots[i] & kMask) * sizeof(V));
      }
    }
  }
  std::unique_ptr<FrozenColumn> freeze() override { return freezeTyped(); }
  void restore(Slot slot, Reader& from) override { set(slot, record::read<V>(from)); }
  void write(Slot slot, Writer& to) const override { record::write<V>(*get(slot), to); }
  bool rewritesAlike() const override { return record::rewritesAlike<V>(); }
  std::uint64_t count() const override {
    std::uint64_t sum = 0;
    for (const auto* segment : segments_) {
      for (std::size_t i = 0; segment != nullptr && i < std::size(segment->present); ++i) {
        sum += static_cast<std::uint64_t>(std::popcount(segment->present[i]));
      }
    }
    return sum;
  }
  std::size_t cellBytes() const override { return sizeof(V); }
  bool cellsOwn() const override { return !std::is_trivially_copyable_v<V>; }
  std::size_t ownedBytes(Slot slot) const override {
    const V* cell = get(slot);
    return cell == nullptr ? 0 : record::ownedBytes(*cell);
  }

  /// A frozen view that gives typed access.
  class Frozen final : public FrozenColumn {
   public:
    Frozen(const std::vector<Segment<V>*>& segments,
           std::shared_ptr<LiveViews<Segment<V>>> views,
           std::uint32_t epoch)
        : segments_(segments), views_(std::move(views)), epoch_(epoch) {
      views_->begin(epoch);
    }
    Frozen(const Frozen&) = delete;
    Frozen& operator=(const Frozen&) = delete;
    ~Frozen() override { views_->end(epoch_); }
    const V* get(Slot slot) const {
      const std::size_t index = slot >> kShift;
      const Segment<V>* segment = index < segments_.size() ? segments_[index] : nullptr;
      return segment != nullptr && segment->has(slot & kMask) ? segment->cell(slot & kMask)
                                                              : nullptr;
    }
    bool has(Slot slot) const override { return get(slot) != nullptr; }
    void write(Slot slot, Writer& to) const override { record::write<V>(*get(slot), to); }
    void prefetch(Slot slot) const override {
      const std::size_t index = slot >> kShift;
      if (index < segments_.size() && segments_[index] != nullptr) {
        const Slot at = slot & kMask;
        const std::byte* cell = segments_[index]->cells + at * sizeof(V);
        prefetchForRead(&segments_[index]->present[at / 64]);
        prefetchForRead(cell);
        if constexpr (sizeof(V) > kLine / 2) {  // It may stand in several lines.
          for (std::size_t line = kLine; line < std::min(sizeof(V) + kLine, 4 * kLine);
               line += kLine) {
            prefetchForRead(cell + line);
          }
        }
      }
    }

   private:
    static constexpr std::size_t kLine = 64;  // Of the caches.

    std::vector<Segment<V>*> segments_;  // Stay while the view is live.
    std::shared_ptr<LiveViews<Segment<V>>> views_;
    std::uint32_t epoch_;
  };
  std::unique_ptr<Frozen> freezeTyped() {
    auto frozen = std::make_unique<Frozen>(segments_, views_, epoch_);
    ++epoch_;
    return frozen;
  }

 private:
  static constexpr unsigned kShift = Segment<V>::kShift;
  static constexpr Slot kMask = Segment<V>::kCells - 1;

  template <typename U>
  static void put(Segment<V>& segment, Slot at, U&& value) {
    if (!segment.has(at)) {
      segment.construct(at, std::forward<U>(value));
    } else if constexpr (std::is_assignable_v<V&, U&&>) {
      *segment.cell(at) = std::forward<U>(value);
    } else {
      V copy(std::forward<U>(value));
      segment.destroy(at);
      segment.construct(at, std::move(copy));
    }
  }

  void retire(Segment<V>* segment) {
    views_->retire(std::unique_ptr<Segment<V>>(segment), segment->epoch, epoch_);
  }

  /// The segment, or a copy in its place if a view sees it.
  Segment<V>* own(std::size_t index) {
    if (index >= segments_.size()) {
      segments_.resize(index + 1);
    }
    Segment<V>*& segment = segments_[index];
    if (segment == nullptr) {
      segment = new Segment<V>();
      segment->epoch = epoch_;
    } else if (segment->epoch != epoch_) {
      if (views_->see(segment->epoch)) {
        retire(std::exchange(segment, segment->clone().release()));
      }
      segment->epoch = epoch_;
    }
    return segment;
  }

  std::vector<Segment<V>*> segments_;  // Owned; null until written.
  std::uint32_t epoch_ = 0;            // Counts freezes.
  std::shared_ptr<LiveViews<Segment<V>>> views_ = std::make_shared<LiveViews<Segment<V>>>();
};

}  // namespace weir::state
