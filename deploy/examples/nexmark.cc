// Queries of the Nexmark benchmark over a fixed sequence of events, into text files.
#include <cstdlib>
#include <functional>
#include <iostream>
#include <map>
#include <string>
#include <string_view>

#include "nexmark_queries.h"
#include <weir/weir.h>

namespace {

using nexmark::Events;

std::string line(const nexmark::Event& bid) {
  return std::to_string(bid.id) + " " + std::to_string(bid.who) + " " + std::to_string(bid.price) +
         " " + std::to_string(bid.time);
}
std::string line(const nexmark::AuctionPrice& one) {
  return std::to_string(one.auction) + " " + std::to_string(one.price);
}
std::string line(const nexmark::LocalOffer& one) {
  return std::to_string(one.seller) + " " + one.state + " " + one.city + " " +
         std::to_string(one.auction);
}
std::string line(const nexmark::HotAuction& one) {
  return std::to_string(one.end) + " " + std::to_string(one.auction) + " " +
         std::to_string(one.bids);
}
std::string line(const nexmark::Bid& one) {
  return std::to_string(one.auction) + " " + std::to_string(one.price) + " " +
         std::to_string(one.bidder);
}
std::string line(const nexmark::NewSeller& one) {
  return std::to_string(one.person) + " " + std::to_string(one.auction);
}

template <typename Stream>
void write(const Stream& results, const std::string& path) {
  results.map([](const typename Stream::Record& one) { return line(one); }).writeAsText(path);
}

constexpr std::string_view kUsage = R"(Usage: nexmark QUERY EVENTS PATH
Writes the results of a query over so many events, a line each, to PATH.
  QUERY  q0, q1, q2, q3, q5, q7 or q8
)";

}  // namespace

int main(int argc, char** argv) {
  const std::map<std::string, std::function<void(const Events&, const std::string&)>> queries = {
      {"q0", [](const Events& in, const std::string& to) { write(nexmark::q0(in), to); }},
      {"q1", [](const Events& in, const std::string& to) { write(nexmark::q1(in), to); }},
      {"q2", [](const Events& in, const std::string& to) { write(nexmark::q2(in), to); }},
      {"q3", [](const Events& in, const std::string& to) { write(nexmark::q3(in), to); }},
      {"q5", [](const Events& in, const std::string& to) { write(nexmark::q5(timed(in)), to); }},
      {"q7", [](const Events& in, const std::string& to) { write(nexmark::q7(timed(in)), to); }},
      {"q8", [](const Events& in, const std::string& to) { write(nexmark::q8(timed(in)), to); }},
  };
  const long long n = argc == 4 ? std::atoll(argv[2]) : 0;
  const auto query = queries.find(argc == 4 ? argv[1] : "");
  if (query == queries.end() || n <= 0) {
    const bool asked = argc == 2 && std::string_view(argv[1]) == "--help";
    (asked ? std::cout : std::cerr) << kUsage;
    return asked ? 0 : 2;
  }

  auto env = weir::StreamExecutionEnvironment::getExecutionEnvironment();
  env.setStreamTimeCharacteristic(weir::TimeCharacteristic::kEventTime);
  env.enableCheckpointing(std::chrono::seconds(1));
  query->second(nexmark::source(env, static_cast<std::uint64_t>(n)), argv[3]);
  env.execute("Nexmark " + query->first);
}
