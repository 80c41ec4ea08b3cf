// Rules that change while the job runs: payments are judged by rules that a second stream tells
// every subtask, and that are kept in broadcast state.
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include <weir/weir.h>

namespace {

struct Payment {
  std::string card;
  std::int64_t at = 0;  // In milliseconds since the epoch.
  std::int64_t amount = 0;
};

// In any `seconds` a card may be charged `limit`. A later rule of the same name replaces it.
struct Rule {
  std::string name;
  std::int64_t from = 0;  // In milliseconds since the epoch.
  std::int64_t limit = 0;
  std::int64_t seconds = 0;
};

const weir::MapStateDescriptor<std::string, std::vector<Rule>>& rules() {
  static const weir::MapStateDescriptor<std::string, std::vector<Rule>> all("rules");
  return all;
}

// A payment is judged when the watermark of both streams has passed it: all rules of its time are
// known by then, whichever stream was read faster.
class Judge : public weir::KeyedBroadcastProcessFunction<std::string, Payment, Rule, std::string> {
 public:
  void processElement(const Payment& payment,
                      ReadOnlyContext& context,
                      weir::Collector<std::string>& /*out*/) override {
    payments_.add(payment);
    context.timerService().registerEventTimeTimer(payment.at);
  }
  void processBroadcastElement(const Rule& rule,
                               Context& context,
                               weir::Collector<std::string>& /*out*/) override {
    auto& known = context.getBroadcastState(rules());
    auto versions = known.get(rule.name).value_or(std::vector<Rule>());
    versions.push_back(rule);
    known.put(rule.name, versions);
  }
  void onTimer(std::int64_t time,
               OnTimerContext& context,
               weir::Collector<std::string>& out) override {
    for (const auto& [name, versions] : context.getBroadcastState(rules()).entries()) {
      const Rule* rule = nullptr;
      for (const Rule& version : versions) {
        if (version.from <= time && (rule == nullptr || version.from >= rule->from)) {
          rule = &version;
        }
      }
      if (rule != nullptr) {
        judge(*rule, time, out);
      }
    }
    forget(time);
  }

 private:
  static constexpr std::int64_t kLongest = 3'600'000;  // That a rule looks back.

  void judge(const Rule& rule, std::int64_t time, weir::Collector<std::string>& out) {
    std::int64_t charged = 0;
    std::string card;
    for (const Payment& one : payments_) {
      if (one.at <= time && one.at > time - 1000 * rule.seconds) {
        charged += one.amount;
        card = one.card;
      }
    }
    if (charged > rule.limit && !warned_.contains(rule.name)) {
      warned_.put(rule.name, time);
      out.collect("warning " + card + " " + rule.name + " " + std::to_string(charged) + " > " +
                  std::to_string(rule.limit) + " at " + std::to_string(time));
    }
  }
  void forget(std::int64_t time) {
    std::vector<Payment> kept;
    for (const Payment& one : payments_) {
      if (one.at > time - kLongest) {
        kept.push_back(one);
      }
    }
    payments_.update(kept);
  }

  weir::ListState<Payment> payments_{*this, "payments"};
  // One warning a day is enough for a card and a rule.
  weir::MapState<std::string, std::int64_t> warned_{
      *this, "warned", weir::StateTtlConfig::newBuilder(weir::Time::days(1)).build()};
};

Payment parsePayment(const std::string& line) {
  std::istringstream words(line);
  Payment payment;
  words >> payment.card >> payment.at >> payment.amount;
  return payment;
}

Rule parseRule(const std::string& line) {
  std::istringstream words(line);
  Rule rule;
  words >> rule.name >> rule.from >> rule.limit >> rule.seconds;
  return rule;
}

constexpr std::string_view kUsage = R"(Usage: fraud_rules PAYMENTS RULES
Prints a warning for each card that is charged more than a rule allows.
  PAYMENTS  a file of lines: card, milliseconds since the epoch, amount; at most 10 s out of order
  RULES     a file of lines: name, milliseconds since the epoch from which it holds, limit, seconds
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
  auto payments =
      env.readTextFile(argv[1])
          .map(parsePayment)
          .assignTimestampsAndWatermarks(
              weir::WatermarkStrategy<Payment>::forBoundedOutOfOrderness(weir::Time::seconds(10))
                  .withTimestampAssigner([](const Payment& one) { return one.at; }))
          .keyBy([](const Payment& payment) { return payment.card; });
  auto told =
      env.readTextFile(argv[2])
          .map(parseRule)
          .assignTimestampsAndWatermarks(
              weir::WatermarkStrategy<Rule>::forMonotonousTimestamps().withTimestampAssigner(
                  [](const Rule& rule) { return rule.from; }))
          .broadcast(rules());
  payments.connect(told).process(Judge{}).uid("judge").name("Judge").print();
  env.execute("Fraud rules");
}
