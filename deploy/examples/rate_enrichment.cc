// Orders with the exchange rates of the moment: each order is joined with the rates of its currency
// that were published up to a minute before it, whichever of the two comes first.
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <sstream>
#include <string>
#include <string_view>

#include <weir/weir.h>

namespace {

struct Order {
  std::string id;
  std::int64_t at = 0;  // In milliseconds since the epoch.
  std::string currency;
  double amount = 0;
};
struct Rate {
  std::string currency;
  std::int64_t at = 0;
  double euros = 0;
};

Order parseOrder(const std::string& line) {
  std::istringstream words(line);
  Order order;
  words >> order.id >> order.at >> order.currency >> order.amount;
  return order;
}
Rate parseRate(const std::string& line) {
  std::istringstream words(line);
  Rate rate;
  words >> rate.currency >> rate.at >> rate.euros;
  return rate;
}

// The records of a file as a stream with timestamps, which may be 10 s out of order.
template <typename T>
auto timed(weir::StreamExecutionEnvironment& env,
           const char* path,
           T (*parse)(const std::string&)) {
  return env.readTextFile(path).map(parse).assignTimestampsAndWatermarks(
      weir::WatermarkStrategy<T>::forBoundedOutOfOrderness(weir::Time::seconds(10))
          .withTimestampAssigner([](const T& record) { return record.at; }));
}

// Gives an order its price in euros. The context tells how old the rate is.
struct Price : weir::ProcessJoinFunction<Order, Rate, std::string> {
  void processElement(const Order& order,
                      const Rate& rate,
                      Context& context,
                      weir::Collector<std::string>& out) override {
    const std::int64_t age = context.getLeftTimestamp() - context.getRightTimestamp();
    std::ostringstream text;
    text << order.id << " " << order.amount * rate.euros << " EUR, rate of " << age << " ms before";
    out.collect(text.str());
  }
};

constexpr std::string_view kUsage = R"(Usage: rate_enrichment ORDERS RATES
Prints each order in euros, by each rate of its currency from the minute before it.
  ORDERS  a file of lines: id, milliseconds since the epoch, currency, amount
  RATES   a file of lines: currency, milliseconds since the epoch, euros for one
)";

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    const bool asked = argc == 2 && std::string_view(argv[1]) == "--help";
    (asked ? std::cout : std::cerr) << kUsage;
    return asked ? 0 : 2;
  }

  auto env = weir::StreamExecutionEnvironment::getExecutionEnvironment();
  env.setStreamTimeCharacteristic(weir::TimeCharacteristic::kEventTime);
  env.enableCheckpointing(std::chrono::seconds(1));
  auto orders = timed(env, argv[1], parseOrder);
  auto rates = timed(env, argv[2], parseRate);
  orders.keyBy([](const Order& order) { return order.currency; })
      .intervalJoin(rates.keyBy([](const Rate& rate) { return rate.currency; }))
      .between(weir::Time::minutes(-1), weir::Time::milliseconds(0))
      .process(Price{})
      .uid("prices")
      .print();
  env.execute("Orders in euros");
}
