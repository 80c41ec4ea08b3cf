#pragma once

#include <cstdint>
#include <limits>

namespace weir::functions {

/// Tells a loop that runs dry, once its input has ended, from one that does not: in the one each
/// round brings back fewer records than rounds before it had brought, sooner or later. Rounds in
/// which nothing came to this head, and something to others, say nothing. Pure logic; the head's
/// thread.
class LoopTrend {
 public:
  /// How long no round may have brought fewer records, in milliseconds and in rounds, after the one
  /// that had the most; and after any, where they become more and more.
  static constexpr std::int64_t kPatience = 10'000;
  static constexpr std::int64_t kPatienceWithGrowth = 60'000;
  static constexpr std::uint32_t kFewestRounds = 8;

  void noteRecords(std::uint64_t records) { records_ += records; }
  /// The mark of a round has come back.
  void noteRound(std::int64_t now) {
    now_ = now;
    if (records_ == 0) {
      return;
    }
    ++rounds_;
    ++all_rounds_;
    if (records_ < least_) {
      least_ = records_;
      least_at_ = now;
    }
    if (records_ > most_ || records_ < least_since_most_) {
      most_ = records_ > most_ ? records_ : most_;
      least_since_most_ = records_;
      since_ = now;
      rounds_ = 0;
    }
    records_ = 0;
  }
  bool isEndless() const {
    return (rounds_ >= kFewestRounds && now_ - since_ >= kPatience) ||
           (all_rounds_ > kFewestRounds && now_ - least_at_ >= kPatienceWithGrowth &&
            least_since_most_ == most_);
  }
  /// Records of the round that had the fewest.
  std::uint64_t least() const { return least_; }

 private:
  std::uint64_t records_ = 0;  // Of the round at hand.
  std::uint64_t least_ = std::numeric_limits<std::uint64_t>::max();
  std::uint64_t most_ = 0;
  std::uint64_t least_since_most_ = 0;
  std::uint32_t all_rounds_ = 0;
  std::uint32_t rounds_ = 0;  // Since that one.
  std::int64_t since_ = 0;    // That one was.
  std::int64_t least_at_ = 0;
  std::int64_t now_ = 0;
};

}  // namespace weir::functions
