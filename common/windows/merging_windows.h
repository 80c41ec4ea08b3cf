#pragma once

#include <algorithm>
#include <utility>
#include <vector>

#include "common/windows/window.h"

namespace weir::windows {

/// The windows of one key that merge where they meet, none of them meeting another, each with the
/// window under which its elements are kept: one of those that it was merged from, so that the
/// elements of a window that grows stay where they are.
template <typename W>
class MergingWindows {
 public:
  /// Pairs of window and where its elements are; what is kept of this in a key's state.
  using Pairs = std::vector<std::pair<W, W>>;

  /// What adding a window did.
  struct Added {
    W window;                ///< The one that the new window is part of now.
    std::vector<W> merged;   ///< Windows that are no more, as they are part of it.
    std::vector<W> emptied;  ///< Where elements are that belong into stateOf(window) now.
    bool is_new = false;     ///< It met no other.
  };

  explicit MergingWindows(Pairs pairs) : pairs_(std::move(pairs)) {}

  const Pairs& pairs() const { return pairs_; }

  Added add(const W& window) {
    Added added{window, {}, {}, false};
    std::vector<W> states;
    std::erase_if(pairs_, [&](const auto& pair) {
      if (!pair.first.intersects(window)) {
        return false;
      }
      added.window = added.window.cover(pair.first);
      added.merged.push_back(pair.first);
      states.push_back(pair.second);
      return true;
    });
    added.is_new = states.empty();
    pairs_.emplace_back(added.window, added.is_new ? window : states.front());
    std::erase(added.merged, added.window);
    if (!states.empty()) {
      added.emptied.assign(states.begin() + 1, states.end());
    }
    return added;
  }
  /// Where the elements of a window are; null where there is no such window.
  const W* stateOf(const W& window) const {
    const auto found = find(window);
    return found == pairs_.end() ? nullptr : &found->second;
  }
  void retire(const W& window) {
    std::erase_if(pairs_, [&](const auto& pair) { return pair.first == window; });
  }

 private:
  auto find(const W& window) const {
    return std::find_if(
        pairs_.begin(), pairs_.end(), [&](const auto& pair) { return pair.first == window; });
  }

  Pairs pairs_;
};

}  // namespace weir::windows
