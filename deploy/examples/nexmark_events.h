#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include <weir/weir.h>

// The events of an auction house: persons, their auctions, and bids. A fixed sequence, each event
// made from its number alone, so that any implementation has the same.
namespace nexmark {

enum class Kind : std::uint8_t { kPerson, kAuction, kBid };

struct Event {
  Kind kind = Kind::kPerson;
  std::int64_t id = 0;        // Of a person or an auction; the auction of a bid.
  std::int64_t who = 0;       // The seller of an auction, the bidder of a bid.
  std::int64_t price = 0;     // Of a bid; what an auction begins with.
  std::int32_t category = 0;  // Of an auction.
  std::int32_t place = 0;     // Of a person: which of kStates and kCities.
  std::int64_t time = 0;      // In milliseconds.
  std::array<char, 64> extra{};
};

inline constexpr std::array kStates = {"AZ", "CA", "ID", "OR", "WA", "WY"};
inline constexpr std::array kCities = {
    "Phoenix", "Palo Alto", "Boise", "Portland", "Kent", "Cheyenne"};

// Splitmix64.
constexpr std::uint64_t mix(std::uint64_t i) {
  std::uint64_t z = i + 0x9E3779B97F4A7C15U;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9U;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBU;
  return z ^ (z >> 31);
}

// Event n; 10,000 of them are a second. Of fifty one is a person, three are auctions.
inline Event make(std::uint64_t n) {
  const auto group = static_cast<std::int64_t>(n / 50);
  const auto place = static_cast<std::int64_t>(n % 50);
  const std::uint64_t random = mix(n);
  const auto below = [random](int shift, std::uint64_t most) {
    return static_cast<std::int64_t>((random >> shift) % most);
  };
  Event event;
  event.time = static_cast<std::int64_t>(n / 10);
  event.extra.fill('x');
  if (place == 0) {
    event.id = group;
    event.place = static_cast<std::int32_t>(below(0, 6));
  } else if (place < 4) {
    event.kind = Kind::kAuction;
    event.id = group * 3 + place - 1;
    event.who = std::max<std::int64_t>(0, group - below(0, 1000));
    event.category = 10 + static_cast<std::int32_t>(below(20, 5));
    event.price = 100 + below(30, 1000);
  } else {
    event.kind = Kind::kBid;
    const std::int64_t last = group * 3 + 2;  // Half of the bids are for one that everybody wants.
    event.id = random % 2 == 0 ? last / 100 * 100 : std::max<std::int64_t>(0, last - below(1, 100));
    event.who = std::max<std::int64_t>(0, group - below(20, 1000));
    event.price = 1 + below(30, 10'000'000);
  }
  return event;
}

struct Position {
  std::uint64_t split = 0;
  std::uint64_t next = 0;  // Which event of the split.
};

// The first `n` events in two splits, by turns of fifty; a subtask has those whose number modulo
// the parallelism is its own, and emits what comes first in the sequence.
class EventSource : public weir::RichSourceFunction<Event>,
                    public weir::ListCheckpointed<Position> {
 public:
  explicit EventSource(std::uint64_t n) : n_(n) {}

  void restoreState(const std::vector<Position>& positions) override {
    splits_ = positions;
    restored_ = true;
  }
  std::vector<Position> snapshotState(std::uint64_t /*checkpoint*/) override { return splits_; }

  void open(weir::RuntimeContext& context) override {
    const auto subtask = static_cast<std::uint64_t>(context.getIndexOfThisSubtask());
    const auto subtasks = static_cast<std::uint64_t>(context.getNumberOfParallelSubtasks());
    for (std::uint64_t split = 0; !restored_ && split < kSplits; ++split) {
      if (split % subtasks == subtask) {
        splits_.push_back({split, 0});
      }
    }
  }

  weir::InputStatus pollNext(weir::SourceContext<Event>& context) override {
    const auto first =
        std::min_element(splits_.begin(), splits_.end(), [](const Position& a, const Position& b) {
          return indexOf(a) < indexOf(b);
        });
    if (first == splits_.end() || indexOf(*first) >= n_) {
      return weir::InputStatus::kEndOfInput;
    }
    do {
      const Event event = make(indexOf(*first));
      context.collectWithTimestamp(event, event.time);
      ++first->next;
    } while (first->next % kTurn != 0 && indexOf(*first) < n_);
    return weir::InputStatus::kMoreAvailable;
  }

 private:
  static constexpr std::uint64_t kSplits = 2;
  static constexpr std::uint64_t kTurn = 50;

  static std::uint64_t indexOf(const Position& at) {
    return (at.next / kTurn * kSplits + at.split) * kTurn + at.next % kTurn;
  }

  std::uint64_t n_;
  std::vector<Position> splits_;
  bool restored_ = false;
};

}  // namespace nexmark
