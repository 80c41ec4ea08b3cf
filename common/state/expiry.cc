#include "common/state/expiry.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "common/base/clock.h"
#include "common/state/keyed_backend.h"
#include "common/state/state_error.h"

namespace weir::state {

namespace {

constexpr std::int64_t kSoonest = 1000;  // Milliseconds between two walks over a tier.
constexpr std::int64_t kLatest = 3600 * 1000;

}  // namespace

Expiry* Expiries::find(const ColumnBase& column, const StateTtlConfig& config) const {
  const auto found = std::ranges::find_if(
      all_, [&](const auto& one) { return &one->column() == &column && one->config() == config; });
  return found == all_.end() ? nullptr : found->get();
}

Expiry& Expiries::add(std::unique_ptr<Expiry> expiry) {
  all_.push_back(std::move(expiry));
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
  const std::size_t looks = std::min(std::exchange(looks_, 0), kMostLooks);
  const Slot slots = backend_.slotCount();
  for (std::size_t i = 0; i < std::min<std::size_t>(looks, slots); ++i) {
    next_ = next_ + 1 < slots ? next_ + 1 : 0;
    if (!backend_.exists(next_)) {
      continue;
    }
    for (const auto& expiry : all_) {
      if (expiry->isDue(next_)) {
        backend_.noteUsed(next_);
        expiry->settle(next_);
      }
    }
  }
  if (looks != 0 && backend_.hasTier()) {
    sweepBelow(std::min(looks, kMostBelow));
  }
}

bool Expiries::beginBelow() {
  const std::int64_t now = backend_.now();
  if (frozen_ == nullptr) {
    if (now < walk_again_ || backend_.tier_->isBusy()) {
      return false;
    }
    std::int64_t least = kLatest;
    for (const auto& expiry : all_) {
      least = std::min(least, expiry->config().toMilliseconds() / 2);
    }
    walk_again_ = now + std::max(least, kSoonest);
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

void Expiries::sweepBelow(std::size_t looks) {
  FrozenTier::Entry entry;
  for (std::size_t i = 0; i < looks; ++i) {
    if (cursor_ == nullptr && !beginBelow()) {
      return;
    }
    const Result<bool> more = cursor_->next(entry);
    if (!more) {
      throw StateError(more.error().text());
    }
    Expiry& expiry = *all_[walking_];
    if (!*more) {
      cursor_.reset();
      ++walking_;
    } else if (expiry.isDue(entry.value)) {
      // It comes up, if it is there still, and is looked at again: it may be younger by now.
      expiry.settle(backend_.slotOfKey(entry.key, backend_.namespaces().idOf(entry.name_space)));
    }
  }
}

// ------------------------------------------------------------------------- of KeyedBackend

Expiries& KeyedBackend::expiries() {
  if (expiries_ == nullptr) {
    expiries_ = std::make_unique<Expiries>(*this);
  }
  return *expiries_;
}

std::int64_t KeyedBackend::now() const {
  return clock_ ? clock_() : toEpochMillis(SystemClock().wallNow());
}

void KeyedBackend::noteUsed(Slot slot) {
  if (tier_ != nullptr) {
    tier_->use({}, {&slot, 1}, {});
  }
}

}  // namespace weir::state
