#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>

#include "common/functions/element.h"

namespace weir::functions {

/// How the head of an iteration finds out, once its input has ended, that nothing is in flight in
/// the loop: it sends marks around, one round after another, each behind all records before it.
///
/// A mark is as hot as the parallelism of the head where the head has emitted a record since the
/// mark before, else a degree colder than the one that has come back; where marks join, the hottest
/// counts. Heads that can reach this one in several rounds heat it as well, so: as many cold rounds
/// in a row as there are heads mean that in one of them no head has emitted anything, and then
/// nothing was in flight anywhere. Pure logic; the head's thread.
class LoopRounds {
 public:
  LoopRounds(std::uint32_t loop, std::uint32_t heads) : loop_(loop), heads_(heads) {}

  /// A record went out, or something that may let records out.
  void noteEmitted() { emitted_ = true; }
  /// The mark of the next round.
  LoopMark next() {
    ++round_;
    const std::uint32_t heat = emitted_ ? heads_ : heat_ - std::min<std::uint32_t>(heat_, 1);
    emitted_ = false;
    under_way_ = true;
    return {loop_, round_, heat};
  }
  bool isUnderWay() const { return under_way_; }
  /// A mark came back; whether it was ours, so that the next may be sent.
  bool cameBack(const LoopMark& mark) {
    if (mark.loop != loop_ || mark.round != round_ || !under_way_) {
      return false;
    }
    under_way_ = false;
    heat_ = mark.heat;
    cold_ = mark.heat == 0 && !emitted_ ? cold_ + 1 : 0;
    return true;
  }
  /// Whether nothing is in flight, as of the last mark that came back.
  bool isQuiet() const { return cold_ >= heads_; }
  void restart() {
    cold_ = 0;
    emitted_ = true;
  }

 private:
  std::uint32_t loop_;
  std::uint32_t heads_;
  std::uint32_t round_ = 0;
  std::uint32_t heat_ = 0;
  std::uint32_t cold_ = 0;
  bool emitted_ = true;
  bool under_way_ = false;
};

}  // namespace weir::functions
