#pragma once

#include <cstdint>
#include <string>

#include "nexmark_events.h"
#include <weir/weir.h>

// Queries of the Nexmark benchmark (Tucker, Tufte, Papadimos, Maier: "NEXMark - A Benchmark for
// Queries over Data Streams", 2002, as later engines number them). Each takes the stream of events,
// with timestamps and watermarks from q5 on, and gives its results.
namespace nexmark {

using Events = weir::DataStream<Event>;

inline Events source(weir::StreamExecutionEnvironment& env, std::uint64_t n) {
  return env.addSource(EventSource(n), "events").uid("events");
}
inline Events timed(const Events& events) {
  return events.assignTimestampsAndWatermarks(
      weir::WatermarkStrategy<Event>::forMonotonousTimestamps());
}
inline Events bids(const Events& events) {
  return events.filter([](const Event& event) { return event.kind == Kind::kBid; });
}

// q0: the bids, as they are.
inline Events q0(const Events& events) { return bids(events); }

// q1: the bids in euros.
inline Events q1(const Events& events) {
  return bids(events).map([](const Event& bid) {
    Event in_euros = bid;
    in_euros.price = bid.price * 908 / 1000;
    return in_euros;
  });
}

struct AuctionPrice {
  std::int64_t auction;
  std::int64_t price;
};
// q2: the bids for some auctions.
inline auto q2(const Events& events) {
  return bids(events)
      .filter([](const Event& bid) { return bid.id % 123 == 0; })
      .map([](const Event& bid) { return AuctionPrice{bid.id, bid.price}; });
}

struct Person {
  std::int64_t id = 0;
  std::string state;
  std::string city;
};
struct Auction {
  std::int64_t seller;
  std::int64_t id;
};
struct LocalOffer {
  std::int64_t seller;
  std::string state;
  std::string city;
  std::int64_t auction;
};
// A person, and the auctions that came before.
class LocalOffers : public weir::RichCoFlatMapFunction<Person, Auction, LocalOffer> {
 public:
  void flatMap1(const Person& person, weir::Collector<LocalOffer>& out) override {
    seller_.update(person);
    for (const std::int64_t auction : waiting_.get()) {
      out.collect({person.id, person.state, person.city, auction});
    }
    waiting_.clear();
  }
  void flatMap2(const Auction& auction, weir::Collector<LocalOffer>& out) override {
    const Person seller = seller_.value();
    if (seller.state.empty()) {
      waiting_.add(auction.id);
    } else {
      out.collect({seller.id, seller.state, seller.city, auction.id});
    }
  }

 private:
  weir::ValueState<Person> seller_{*this, "person", Person{}};
  weir::ListState<std::int64_t> waiting_{*this, "waiting"};
};
// q3: who sells in one category in three states; everything is kept for ever.
inline auto q3(const Events& events) {
  auto persons = events
                     .filter([](const Event& event) {
                       return event.kind == Kind::kPerson && event.place >= 1 && event.place <= 3;
                     })
                     .map([](const Event& event) {
                       const auto place = static_cast<std::size_t>(event.place);
                       return Person{event.id, kStates.at(place), kCities.at(place)};
                     });
  auto auctions = events
                      .filter([](const Event& event) {
                        return event.kind == Kind::kAuction && event.category == 10;
                      })
                      .map([](const Event& event) { return Auction{event.who, event.id}; });
  return persons.keyBy([](const Person& person) { return person.id; })
      .connect(auctions.keyBy([](const Auction& auction) { return auction.seller; }))
      .flatMap(LocalOffers{})
      .uid("offers");
}

struct Count : weir::AggregateFunction<std::int64_t, std::int64_t, std::int64_t> {
  std::int64_t createAccumulator() override { return 0; }
  void add(const std::int64_t& /*auction*/, std::int64_t& count) override { ++count; }
  std::int64_t getResult(const std::int64_t& count) override { return count; }
  std::int64_t merge(const std::int64_t& a, const std::int64_t& b) override { return a + b; }
};
struct HotAuction {
  std::int64_t end;
  std::int64_t auction;
  std::int64_t bids;
};
// q5: in ten seconds, every two, the auction with most bids; of equals the first.
inline auto q5(const Events& events) {
  return bids(events)
      .map([](const Event& bid) { return bid.id; })
      .keyBy([](std::int64_t auction) { return auction; })
      .window(weir::SlidingEventTimeWindows::of(weir::Time::seconds(10), weir::Time::seconds(2)))
      .aggregate(Count{},
                 [](std::int64_t auction,
                    const weir::TimeWindow& window,
                    weir::Iterable<std::int64_t>& count,
                    weir::Collector<HotAuction>& out) {
                   out.collect({window.end, auction, count.front()});
                 })
      .uid("counts")
      .keyBy([](const HotAuction& one) { return one.end; })
      .window(weir::TumblingEventTimeWindows::of(weir::Time::seconds(2)))
      .reduce([](const HotAuction& a, const HotAuction& b) {
        return a.bids > b.bids || (a.bids == b.bids && a.auction < b.auction) ? a : b;
      })
      .uid("hottest");
}

struct Bid {
  std::int64_t auction;
  std::int64_t price;
  std::int64_t bidder;
};
// q7: the highest bid in ten seconds, first of each auction; of equals the one that came first.
inline auto q7(const Events& events) {
  const auto higher = [](const Bid& a, const Bid& b) { return a.price >= b.price ? a : b; };
  return bids(events)
      .map([](const Event& bid) { return Bid{bid.id, bid.price, bid.who}; })
      .keyBy([](const Bid& bid) { return bid.auction; })
      .window(weir::TumblingEventTimeWindows::of(weir::Time::seconds(10)))
      .reduce(higher)
      .uid("highest of each")
      .windowAll(weir::TumblingEventTimeWindows::of(weir::Time::seconds(10)))
      .reduce(higher)
      .uid("highest");
}

struct NewSeller {
  std::int64_t person;
  std::int64_t auction;
};
// q8: who has begun to sell in the ten seconds in which they came.
inline auto q8(const Events& events) {
  auto persons = events.filter([](const Event& event) { return event.kind == Kind::kPerson; })
                     .map([](const Event& event) { return event.id; });
  auto auctions = events.filter([](const Event& event) { return event.kind == Kind::kAuction; })
                      .map([](const Event& event) { return Auction{event.who, event.id}; });
  return persons.join(auctions)
      .where([](std::int64_t person) { return person; })
      .equalTo([](const Auction& auction) { return auction.seller; })
      .window(weir::TumblingEventTimeWindows::of(weir::Time::seconds(10)))
      .apply(
          [](std::int64_t person, const Auction& auction) { return NewSeller{person, auction.id}; })
      .uid("new sellers");
}

}  // namespace nexmark
