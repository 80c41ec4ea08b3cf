#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "common/state/descriptors.h"
#include "common/state/keyed_backend.h"
#include "common/state/timer_queue.h"
#include "common/state/timer_shelf.h"
#include "common/state/timer_times.h"

namespace weir::state {

/// Timers as a state: what a key has of them, in each namespace.
struct TimersDescriptor : Named<TimersDescriptor> {
  using Cell = TimerTimes;
  static constexpr StateKind kKind = StateKind::kTimer;
  using Named<TimersDescriptor>::Named;
};

/// The timers of one operator in one domain: one for each key, namespace and time. They are a state
/// of the backend like all other, in an order of time besides.
///
/// Belongs to the backend's thread. What a key has stands in its cell; the queue has every time
/// that was ever put into one, and what is no more in the cell when its time comes is forgotten.
///
/// Where a tier lies below, the queue has the first of the timers only, up to a bound, and those
/// after them lie on a shelf: none of the queue is after the first of the shelf. Over the bound,
/// the latest of the queue go to the shelf; where the queue ends, the first of the shelf come back.
/// A removed timer leaves the shelf at once.
class Timers {
 public:
  /// Finds or makes the state; before the backend is restored. Errors: as KeyedBackend::column().
  Status bind(KeyedBackend& backend, const std::string& name);
  /// Takes up what the backend has been given back. Errors: those of the tier below it.
  Status load();

  /// For the key at hand, which there is; nothing where it has this one.
  void add(std::int64_t time);
  void remove(std::int64_t time);
  bool has(std::int64_t time) const;
  /// All that the key at hand has, in order.
  std::vector<std::int64_t> times() const;
  /// Takes out the first timer that is not after `until`, makes its key the one at hand, and
  /// answers its time.
  std::optional<std::int64_t> next(std::int64_t until);
  /// No timer is before; INT64_MAX where there is none.
  std::int64_t earliest() const {
    const std::int64_t later = std::min(queue_.earliest(), shelvedFrom());
    return at_ < near_.size() ? std::min(near_[at_].time, later) : later;
  }
  /// The slots and times of some that fire next, in order, unless they are removed before: what is
  /// known without a search. Empty where a tier lies below.
  std::span<const TimerQueue::Entry> coming() const {
    return backend_->hasTier() ? std::span<const TimerQueue::Entry>()
                               : std::span(near_).subspan(at_);
  }
  /// How many are in memory in order of time, some of them removed.
  std::size_t inMemory() const { return queue_.size() + near_.size() - at_; }

 private:
  /// A key of the queue whose slot may go: a tier lies below.
  struct Name {
    std::string key;
    NamespaceId name_space = kNoNamespace;
  };
  static constexpr std::size_t kNear = 64;           // Timers whose cells are fetched together.
  static constexpr std::size_t kMostRemoved = 4096;  // Before the queue is looked through.
  static constexpr std::size_t kMovedAtOnce = 16;    // One in so many, so that no batch waits long.

  void push(Slot slot, std::int64_t time);
  /// The same where there is a tier.
  void pushNamed(std::int64_t time, std::string_view key, std::string_view name_space);
  bool isShelved(std::int64_t time) const { return shelf_ != nullptr && time >= shelvedFrom(); }
  /// Puts the latest of the queue on the shelf.
  void shelve();
  /// Brings the first timers of the shelf back where the queue is at its end and they are not after
  /// `until`.
  void refill(std::int64_t until);
  std::int64_t shelvedFrom() const {
    return shelf_ == nullptr ? std::numeric_limits<std::int64_t>::max() : shelf_->earliest();
  }
  std::uint32_t nameOf(std::string_view key, std::string_view name_space);
  /// The slot of an entry that has left the queue.
  Slot slotOf(std::uint32_t id);
  /// Nothing has this name of a key any more.
  void release(std::uint32_t id);
  /// The next entry of the queue that is not after `until`, if there is one.
  bool take(std::int64_t until, TimerQueue::Entry& into);
  /// Takes several out of the queue, so that the memory latency of their cells overlaps.
  bool approach(std::int64_t until);
  bool takeOut(Slot slot, std::int64_t time);
  void forgetRemoved();

  KeyedBackend* backend_ = nullptr;       // The operator's.
  Column<TimerTimes>* column_ = nullptr;  // The backend's.
  TimerQueue queue_;                      // By slot, or by name where there is a tier.
  std::vector<TimerQueue::Entry> near_;   // Have left it and fire next.
  std::size_t at_ = 0;                    // Among them.
  std::size_t removed_ = 0;               // Of its entries, at most.
  std::vector<Name> names_;
  std::vector<std::uint32_t> free_names_;
  Writer key_;                         // Of push() and remove().
  std::vector<EncodedKey> keys_;       // Of approach().
  std::unique_ptr<TimerShelf> shelf_;  // Null until the queue has exceeded its bound.
};

}  // namespace weir::state
