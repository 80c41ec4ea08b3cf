#include "common/state/timers.h"

#include <algorithm>
#include <array>
#include <utility>

namespace weir::state {

Status Timers::bind(KeyedBackend& backend, const std::string& name) {
  backend_ = &backend;
  WEIR_TRY(column_, backend.column(TimersDescriptor(name)));
  return ok();
}

Status Timers::load() {
  return backend_->forCells(
      *column_,
      [this](Slot slot) {
        for (const std::int64_t time : column_->get(slot)->sorted()) {
          push(slot, time);
        }
        return true;
      },
      [this](const FrozenTier::Entry& entry) {
        Reader from(entry.value);
        for (const std::int64_t time : record::read<TimerTimes>(from).sorted()) {
          queue_.push(
              time, nameOf(std::string(entry.key), backend_->namespaces().idOf(entry.name_space)));
        }
        return true;
      });
}

void Timers::push(Slot slot, std::int64_t time) {
  if (!backend_->hasTier()) {
    return queue_.push(time, slot);
  }
  Writer key;
  backend_->writeKey(slot, key);
  queue_.push(time, nameOf(key.str(), backend_->namespaceAt(slot)));
}

std::uint32_t Timers::nameOf(std::string key, NamespaceId name_space) {
  if (name_space != kNoNamespace) {
    backend_->namespaces().use(name_space);
  }
  if (free_names_.empty()) {
    names_.push_back({std::move(key), name_space});
    return static_cast<std::uint32_t>(names_.size() - 1);
  }
  const std::uint32_t id = free_names_.back();
  free_names_.pop_back();
  names_[id] = {std::move(key), name_space};
  return id;
}

Slot Timers::slotOf(std::uint32_t id) {
  if (!backend_->hasTier()) {
    return id;
  }
  const Name name = std::exchange(names_[id], {});
  free_names_.push_back(id);
  const Slot slot = backend_->slotOfKey(name.key, name.name_space);
  if (name.name_space != kNoNamespace) {
    backend_->namespaces().release(name.name_space);
  }
  return slot;
}

void Timers::add(std::int64_t time) {
  const Slot slot = backend_->current();
  if (column_->edit(slot).insert(time)) {
    push(slot, time);
  }
}

void Timers::remove(std::int64_t time) {
  if (takeOut(backend_->current(), time) && ++removed_ > kMostRemoved &&
      removed_ > queue_.size() / 2) {
    forgetRemoved();
  }
}

bool Timers::has(std::int64_t time) const {
  const TimerTimes* times = column_->get(backend_->current());
  return times != nullptr && times->contains(time);
}

std::vector<std::int64_t> Timers::times() const {
  const TimerTimes* times = column_->get(backend_->current());
  return times == nullptr ? std::vector<std::int64_t>() : times->sorted();
}

bool Timers::takeOut(Slot slot, std::int64_t time) {
  const TimerTimes* times = column_->get(slot);
  if (times == nullptr || !times->contains(time)) {
    return false;
  }
  if (times->size() == 1) {
    column_->erase(slot);
    const auto holds = [&](const auto& other) { return other->has(slot); };
    if (std::ranges::none_of(backend_->columns(), holds)) {
      backend_->noteCleared(slot);
    }
  } else {
    column_->edit(slot).erase(time);
  }
  return true;
}

std::optional<std::int64_t> Timers::next(std::int64_t until) {
  TimerQueue::Entry entry;
  while (take(until, entry)) {
    const Slot slot = slotOf(entry.id);
    if (takeOut(slot, entry.time)) {
      backend_->setCurrent(slot);
      return entry.time;
    }
    removed_ -= std::min<std::size_t>(removed_, 1);
  }
  return std::nullopt;
}

bool Timers::take(std::int64_t until, TimerQueue::Entry& into) {
  if (at_ == near_.size() && !approach(until)) {
    return false;
  }
  if (queue_.earliest() < near_[at_].time) {  // It was set by one that has fired since.
    return queue_.pop(until, into);
  }
  into = near_[at_++];
  return true;
}

bool Timers::approach(std::int64_t until) {
  near_.clear();
  at_ = 0;
  std::array<Slot, kNear> slots;
  TimerQueue::Entry entry;
  while (near_.size() < kNear && queue_.pop(until, entry)) {
    slots[near_.size()] = entry.id;
    near_.push_back(entry);
  }
  if (!backend_->hasTier()) {
    for (const auto& column : backend_->columns()) {
      column->prefetch(slots.data(), near_.size());
    }
  }
  return !near_.empty();
}

/// Timers that are removed and set again for later, over and over, leave their entries behind.
void Timers::forgetRemoved() {
  if (backend_->hasTier()) {  // Their cells may lie below: they go when their time comes.
    return;
  }
  std::vector<TimerQueue::Entry> all = queue_.takeAll();
  std::ranges::sort(all, [](const auto& a, const auto& b) {
    return a.time != b.time ? a.time < b.time : a.id < b.id;
  });
  const auto same = [](const auto& a, const auto& b) { return a.time == b.time && a.id == b.id; };
  const auto [end, last] = std::ranges::unique(all, same);
  for (auto one = all.begin(); one != end; ++one) {
    const TimerTimes* times = column_->get(one->id);
    if (times != nullptr && times->contains(one->time)) {
      queue_.push(one->time, one->id);
    }
  }
  removed_ = 0;
}

}  // namespace weir::state
