#pragma once

#include <optional>
#include <utility>
#include <vector>

#include "common/windows/merging_windows.h"
#include "common/windows/window_base.h"

namespace weir::windows {

/// Windows that merge where they meet: sessions. What is in one lies in the state of that of its
/// windows which was there first.
template <typename P>
class SessionWindows : public WindowBase<P> {
  using Base = WindowBase<P>;

 protected:
  using typename Base::Slot;
  using typename Base::W;

 public:
  using Base::Base;

  void open() override {
    Base::open();
    runner().sessions.speakOf(key_slot_);
  }

 protected:
  using Base::runner;

  /// The session that a window becomes part of, whose elements lie at held_slot_ then; nothing
  /// where that is late.
  std::optional<W> sessionOf(const W& window) {
    key_slot_ = this->slotOfKey();
    MergingWindows<W> sessions = sessionsOfKey();
    const auto added = sessions.add(window);
    if (this->isLate(added.window)) {
      return std::nullopt;  // It met no other: those that are there are not late.
    }
    const W& held = *sessions.stateOf(added.window);
    if (!added.merged.empty()) {
      becomeOne(added, held);
    }
    if (added.is_new || !added.merged.empty()) {
      runner().sessions.set(sessions.pairs());
    }
    this->held_slot_ = this->slotOfWindow(held);
    return added.window;
  }
  /// Whether a session is there, whose elements lie at held_slot_ then.
  bool find(const W& window) {
    key_slot_ = this->slotOfKey();
    const MergingWindows<W> sessions = sessionsOfKey();
    const W* held = sessions.stateOf(window);
    if (held != nullptr) {
      this->held_slot_ = this->slotOfWindow(*held);
    }
    return held != nullptr;
  }
  void retire(const W& window) {
    MergingWindows<W> sessions = sessionsOfKey();
    sessions.retire(window);
    if (sessions.pairs().empty()) {
      runner().sessions.clear();
    } else {
      runner().sessions.set(sessions.pairs());
    }
  }

 private:
  MergingWindows<W> sessionsOfKey() {
    const auto* pairs = runner().sessions.find();
    return MergingWindows<W>(pairs == nullptr ? typename MergingWindows<W>::Pairs() : *pairs);
  }
  /// Moves what windows have that are part of another now: of the trigger, and their elements.
  void becomeOne(const typename MergingWindows<W>::Added& added, const W& held) {
    merged_slots_.clear();
    for (const W& one : added.merged) {
      merged_slots_.push_back(this->slotOfWindow(one));
    }
    const Slot into = this->slotOfWindow(added.window);
    this->backend_->setCurrent(into);
    this->states_.beginMerge(merged_slots_, into);
    runner().trigger.onMerge(added.window, this->trigger_context_);
    this->states_.endMerge();
    for (std::size_t i = 0; i < added.merged.size(); ++i) {
      this->backend_->setCurrent(merged_slots_[i]);
      runner().trigger.clear(added.merged[i], this->trigger_context_);
      this->timers_.remove(this->domain(), this->cleanupTime(added.merged[i]));
    }
    for (const W& one : added.emptied) {
      this->held_slot_ = this->slotOfWindow(one);
      if (const auto* elements = runner().held.find()) {
        const auto moved = *elements;
        runner().held.clear();
        this->held_slot_ = this->slotOfWindow(held);
        runner().contents.merge(runner().held, moved);
      }
    }
  }

  Slot key_slot_ = state::kNoSlot;  // Where the key's sessions are.
  std::vector<Slot> merged_slots_;
};

}  // namespace weir::windows
