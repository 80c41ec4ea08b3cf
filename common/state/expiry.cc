#include "common/state/expiry.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "common/base/clock.h"
#include "common/state/keyed_backend.h"
#include "common/state/state_error.h"

namespace weir::state {

namespace {

constexpr std::int64_t kSoonest = 1000;  // Milliseconds between two walks over a tier, or ticks.
constexpr std::int64_t kLatest = 3600 * 1000;
constexpr std::size_t kBytesPerLook = 32;  // Of an encoded cell, which is decoded.

}  // namespace

Expiry* Expiries::find(const ColumnBase& column, const StateTtlConfig& config) const {
  const auto found = std::ranges::find_if(
      all_, [&](const auto& one) { return &one->column() == &column && one->config() == config; });
  return found == all_.end() ? nullptr : found->get();
}

Expiry& Expiries::add(std::unique_ptr<Expiry> expiry) {
  all_.push_back(std::move(expiry));
  slot_ = 0;  // It may have been restored: the walk begins anew.
  at_ = 0;
  part_ = 0;
  met_last_ = true;
  if (tick_at_ > nextTick()) {
    tick_asked_ = false;
  }
  askForTick();
  return *all_.back();
}

std::unique_ptr<FrozenColumn> Expiries::freeze(ColumnBase& column) {
  looks_ += kLooksPerView;
  for (auto one = all_.rbegin(); one != all_.rend(); ++one) {
    if (&(*one)->column() == &column) {
      return (*one)->freeze();
    }
  }
  return column.freeze();
}

void Expiries::sweep() {
  const bool used = looks_ != 0;
  looks_ = std::min(looks_ + kLooksPerBatch, kMostLooks);
  if (looks_ > 0) {
    sweepKeys(std::exchange(looks_, 0));
  }
  if (used) {
    met_ = true;  // Whatever the walk looks at before it comes there.
    askForTick();
  }
}

void Expiries::tick() {
  tick_asked_ = false;
  sweepKeys(kLooksPerTick);
  if (met_ || met_last_ || backend_.hasTier()) {
    askForTick();
  }
}

void Expiries::sweepKeys(std::int64_t looks) {
  const Slot slots = backend_.slotCount();
  std::int64_t left = looks;
  for (Slot seen = 0; left > 0 && seen < slots;) {
    if (slot_ >= slots || at_ >= all_.size() || !backend_.exists(slot_)) {
      nextKey();
      ++seen;
      --left;
      continue;
    }
    const auto cost =
        static_cast<std::int64_t>(all_[at_]->sweep(slot_, part_, static_cast<std::size_t>(left)));
    met_ = met_ || cost != 0;
    left -= cost;
    if (part_ == 0) {
      ++at_;
    }
  }
  looks_ += std::min<std::int64_t>(left, 0);
  if (backend_.hasTier()) {
    sweepBelow(std::min(looks, kMostBelow));
  }
}

void Expiries::nextKey() {
  at_ = 0;
  part_ = 0;
  if (++slot_ >= backend_.slotCount()) {
    slot_ = 0;
    met_last_ = std::exchange(met_, false);
  }
}

void Expiries::askForTick() {
  // Or the clock went back.
  if (ask_for_tick_ && (!tick_asked_ || tick_at_ - backend_.now() > kLatest)) {
    tick_asked_ = true;
    tick_at_ = nextTick();
    ask_for_tick_(tick_at_);
  }
}

/// After an eighth of the shortest life, within bounds: what has expired stays that much longer.
std::int64_t Expiries::nextTick() const {
  return backend_.now() + std::clamp(least() / 8, kSoonest, kLatest);
}

std::int64_t Expiries::least() const {
  std::int64_t least = std::numeric_limits<std::int64_t>::max();
  for (const auto& expiry : all_) {
    least = std::min(least, expiry->config().toMilliseconds());
  }
  return least;
}

bool Expiries::beginBelow() {
  const std::int64_t now = backend_.now();
  if (frozen_ == nullptr) {
    const bool waits =
        now < walk_again_ && walk_again_ - now <= kLatest;  // Else the clock went back.
    if (waits || backend_.tier_->isBusy()) {
      return false;
    }
    walk_again_ = now + std::clamp(least() / 2, kSoonest, kLatest);
    walking_ = 0;
    frozen_ = backend_.tier_->freeze();
  }
  if (frozen_ == nullptr || walking_ == all_.size()) {
    frozen_.reset();
    return false;
  }
  auto cells = frozen_->cells(all_[walking_]->column().info().name);
  if (!cells) {
    throw StateError(cells.error().text());
  }
  cursor_ = *std::move(cells);
  return true;
}

void Expiries::sweepBelow(std::int64_t looks) {
  FrozenTier::Entry entry;
  while (looks > 0) {
    if (cursor_ == nullptr && !beginBelow()) {
      return;
    }
    const Result<bool> more = cursor_->next(entry);
    if (!more) {
      throw StateError(more.error().text());
    }
    --looks;
    Expiry& expiry = *all_[walking_];
    if (!*more) {
      cursor_.reset();
      ++walking_;
      continue;
    }
    looks -= static_cast<std::int64_t>(entry.value.size() / kBytesPerLook);
    if (expiry.isDue(entry.value)) {
      // It comes up, if it is there still, and is looked at again: it may be younger by now.
      expiry.settle(backend_.slotOfKey(entry.key, backend_.namespaces().idOf(entry.name_space)));
    }
  }
}

// ------------------------------------------------------------------------- of KeyedBackend

Expiries& KeyedBackend::expiries() {
  if (expiries_ == nullptr) {
    expiries_ = std::make_unique<Expiries>(*this);
    expiries_->setTicker(ticker_);
  }
  return *expiries_;
}

void KeyedBackend::setTicker(std::function<void(std::int64_t time)> ask) {
  ticker_ = std::move(ask);
  if (expiries_ != nullptr) {
    expiries_->setTicker(ticker_);
  }
}

std::int64_t KeyedBackend::now() const {
  return clock_ ? clock_() : toEpochMillis(SystemClock().wallNow());
}

/// What has expired stays: the tables are compared with what was read before it may go.
void KeyedBackend::endBatchOfRestore() {
  current_ = kNoSlot;
  if (!maybe_empty_.empty()) {
    dropEmptyKeys();
  }
  if (tier_ != nullptr) {
    endBatchOfTier();
  }
}

void KeyedBackend::noteUsed(Slot slot) {
  if (tier_ != nullptr) {
    tier_->use({}, {&slot, 1}, {});
  }
}

}  // namespace weir::state
