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
          pushNamed(time, entry.key, entry.name_space);
        }
        return true;
      });
}

void Timers::push(Slot slot, std::int64_t time) {
  if (!backend_->hasTier()) {
    return queue_.push(time, slot);
  }
  key_.clear();
  backend_->writeKey(slot, key_);
  pushNamed(time, key_.view(), backend_->namespaces().bytesOf(backend_->namespaceAt(slot)));
}

void Timers::pushNamed(std::int64_t time, std::string_view key, std::string_view name_space) {
  if (isShelved(time)) {
    return shelf_->put(time, key, name_space);
  }
  queue_.push(time, nameOf(key, name_space));
  if (queue_.size() > backend_->tier()->timersInMemory()) {
    shelve();
  }
}

void Timers::shelve() {
  if (shelf_ == nullptr) {
    shelf_ = backend_->tier()->makeTimerShelf();
  }
  std::vector<TimerQueue::Entry> all = queue_.takeAll();
  const auto latest = all.end() - static_cast<std::ptrdiff_t>(all.size() / kMovedAtOnce + 1);
  std::ranges::nth_element(all, latest, {}, &TimerQueue::Entry::time);
  const std::int64_t from = latest->time;  // Equal ones go with it.
  for (const TimerQueue::Entry& one : all) {
    if (one.time < from) {
      queue_.push(one.time, one.id);
      continue;
    }
    const Name& name = names_[one.id];
    shelf_->put(one.time, name.key, backend_->namespaces().bytesOf(name.name_space));
    release(one.id);
  }
}

void Timers::refill(std::int64_t until) {
  if (shelf_ == nullptr || queue_.size() != 0 || shelf_->earliest() > until) {
    return;
  }
  for (const TimerShelf::Timer& one :
       shelf_->take(backend_->tier()->timersInMemory() / kMovedAtOnce + 1)) {
    queue_.push(one.time, nameOf(one.key, one.name_space));
  }
}

std::uint32_t Timers::nameOf(std::string_view key, std::string_view name_space) {
  const NamespaceId number = backend_->namespaces().idOf(name_space);
  if (number != kNoNamespace) {
    backend_->namespaces().use(number);
  }
  if (free_names_.empty()) {
    names_.push_back({std::string(key), number});
    return static_cast<std::uint32_t>(names_.size() - 1);
  }
  const std::uint32_t id = free_names_.back();
  free_names_.pop_back();
  names_[id] = {std::string(key), number};
  return id;
}

Slot Timers::slotOf(std::uint32_t id) {
  if (!backend_->hasTier()) {
    return id;
  }
  const Slot slot = backend_->slotOfKey(names_[id].key, names_[id].name_space);
  release(id);
  return slot;
}

void Timers::release(std::uint32_t id) {
  const Name name = std::exchange(names_[id], {});
  free_names_.push_back(id);
  if (name.name_space != kNoNamespace) {
    backend_->namespaces().release(name.name_space);
  }
}

void Timers::add(std::int64_t time) {
  const Slot slot = backend_->current();
  if (column_->edit(slot).insert(time)) {
    push(slot, time);
  }
}

void Timers::remove(std::int64_t time) {
  const Slot slot = backend_->current();
  if (!takeOut(slot, time)) {
    return;
  }
  if (isShelved(time)) {
    key_.clear();
    backend_->writeKey(slot, key_);
    shelf_->remove(time, key_.view(), backend_->namespaces().bytesOf(backend_->namespaceAt(slot)));
  }
  if (++removed_ > kMostRemoved && removed_ > queue_.size() / 2) {
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
  const std::int64_t next = near_[at_].time;
  if (shelvedFrom() < next) [[unlikely]] {  // The queue has exceeded its bound since.
    refill(until);
  }
  if (queue_.earliest() < next) {  // It was set by one that has fired since.
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
  refill(until);
  while (near_.size() < kNear && queue_.pop(until, entry)) {
    slots[near_.size()] = entry.id;
    near_.push_back(entry);
  }
  if (backend_->hasTier()) {
    keys_.clear();
    for (const TimerQueue::Entry& one : near_) {
      keys_.push_back({names_[one.id].key, names_[one.id].name_space});
    }
    backend_->fetch(keys_);
  } else {
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
