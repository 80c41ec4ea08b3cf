#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <unistd.h>

namespace weir {
namespace {

/// Statements of a program, each of them one mistake, with the text of its one error.
struct Mistake {
  std::string statement;
  std::string error;
};

const std::vector<Mistake>& mistakes() {
  static const std::vector<Mistake> all = {
      {"n.map([](int) { return Array1{}; }).print();", "cannot serialize"},
      {"env.fromElements(Array2{}).print();", "cannot serialize"},
      {"n.keyBy([](int) { return Array3{}; }).sum().print();", "cannot serialize"},
      {"weir::DataStream<Array4> s = n.map([](int) { return Array4{}; }); s.print();",
       "cannot serialize"},
      {"n.map([](int) { return std::vector<std::unique_ptr<int>>{}; }).print();",
       "cannot serialize"},
      {"n.map([](int) { return std::map<int, std::unique_ptr<long>>{}; }).print();",
       "cannot serialize"},
      {"n.map([](int x) { return std::pair(x, Array5{}); }).rebalance().print();",
       "cannot serialize"},
      {"n.connect(n.map([](int) { return Array6{}; })).map([](int) { return 1; }, 2).print();",
       "cannot serialize"},
      {"n.map([](int) { return Uncopyable{}; }).print();", "a record is copied"},
      {"n.map([](int) { return Unprintable{}; }).print();", "print() does not know"},
      {"n.keyBy([](int x) { return std::unordered_set<int>{x}; }).sum().print();",
       "cannot key a stream"},
      {"n.keyBy([i = 0](int x) mutable { return x + i++; }).sum().print();", "keyBy() takes"},
      {"n.keyBy([p = std::make_unique<int>()](int x) { return x; }).sum().print();",
       "copied once per subtask"},
      {"n.map([p = std::make_unique<int>()](int x) { return x; }).print();",
       "copied once per subtask"},
      {"k.reduce([p = std::make_unique<int>()](int x, int) { return x; }).print();",
       "copied once per subtask"},
      {"n.addSink([p = std::make_unique<int>()](int) {}).name(\"x\");", "copied once per subtask"},
      {"weir::AsyncDataStream::orderedWait(n, AsksAboutStrings{}, weir::Time::seconds(1)).print();",
       "take an AsyncFunction"},
      {"weir::AsyncDataStream::unorderedWait(n, [](int x) { return x; }, "
       "weir::Time::seconds(1)).print();",
       "take an AsyncFunction"},
      {"weir::AsyncDataStream::orderedWait(n, AsksForArrays{}, weir::Time::seconds(1)).print();",
       "cannot serialize"},
      {"weir::AsyncDataStream::orderedWait(n, AsksAndIsUnique{}, weir::Time::seconds(1)).print();",
       "copied once per subtask"},
      {"auto it = n.iterate(); it.closeWith(it.map([](int) { return std::string(); }));",
       "closeWith() takes a stream of the type that the iteration has"},
      {"auto it = n.iterate().withFeedbackType<std::string>(); it.closeWith(n);",
       "closeWith() takes a stream of the type that withFeedbackType() names"},
      {"n.iterate().withFeedbackType<Array9>().map(Joins{}).print();", "cannot serialize"},
      {"auto it = n.iterate(); it.closeWith(it.map([](const std::string& s) { return s; }));",
       "map() takes"},
      {"n.map([](const std::string& s) { return s; }).print();", "map() takes"},
      {"n.map(MapsStrings{}).print();", "map() takes"},
      {"n.map([](int) {}).print();", "returns nothing"},
      {"n.filter([](const std::string&) { return true; }).print();", "filter() takes"},
      {"n.flatMap([](int x, auto& out) { out.collect(x); }).print();", "flatMap() takes"},
      {"n.process([](int) {}).print();", "process() takes"},
      {"n.addSink([](const std::string&) {}).name(\"x\");", "addSink() takes"},
      {"k.reduce([](int x) { return x; }).print();", "reduce() takes"},
      {"k.fold(0, [](int x) { return x; }).print();", "fold() takes"},
      {"n.split([](int x) { return x; }).select(\"a\").print();", "split() takes"},
      {"n.partitionCustom([](std::string, int) { return 0; }, [](int x) { return x; }).print();",
       "partitionCustom() takes"},
      {"n.union_(env.fromElements(\"a\")).print();", "union_() takes"},
      {"n.connect(n).map([](int) { return 1; }, [](int) { return \"a\"; }).print();",
       "must return the same type"},
      {"env.fromElements(1, std::string()).print();", "fromElements() takes"},
      {"env.fromElements(1, 2.5, 5000000000LL).print();", "fromElements() takes"},
      {"env.fromElements(1u, -1).print();", "fromElements() takes"},
      {"env.fromElements(std::pair(1, 2), std::pair(1.5, 2)).print();", "fromElements() takes"},
      {"env.fromElements(Traded{}).keyBy(&Traded::price).sum(&Traded::symbol).print();",
       "sum() adds numbers"},
      {"env.fromElements(Traded{}).keyBy(&Traded::symbol).maxBy(&Traded::legs).print();",
       "compare with operator<"},
      {"env.fromElements(std::vector<char>{}).keyBy([](const std::vector<char>& v) { return "
       "v.size(); "
       "}).sum().print();",
       "sum() adds numbers"},
      {"env.fromElements(Pointing{}).print();", "cannot serialize"},
      {"k.map(ListsPointers{}).print();", "cannot serialize"},
      {"k.map(KeepsPointers{}).print();", "cannot serialize"},
      {"n.map(ChecksPointers{}).print();", "cannot serialize"},
      {"n.connect(n).flatMap([](int) {}, [](int) {}).print();", "flatMap() on connected"},
      {"n.connect(n).flatMap([](int, weir::Collector<int>&) {}, [](int, weir::Collector<long>&) "
       "{}).print();",
       "flatMap() on connected"},
      {"n.connect(n).process([](int) {}, [](int) {}).print();", "process() on connected"},
      {"env.readCsvFile<Array7>(\"/x\").print();", "cannot serialize"},
      {"env.readCsvFile<Nested>(\"/x\").print();", "readCsvFile() reads"},
      {"env.addSource([](int x) { return x; }).print();", "addSource() takes"},
      {"n.assignTimestampsAndWatermarks(3).keyBy([](int x) { return x; }).sum().print();",
       "assignTimestampsAndWatermarks() takes"},
      {"n.assignTimestampsAndWatermarks(weir::WatermarkStrategy<std::string>::noWatermarks())"
       ".print();",
       "assignTimestampsAndWatermarks() takes"},
      {"n.assignTimestampsAndWatermarks(weir::WatermarkStrategy<int>::noWatermarks()"
       ".withTimestampAssigner([](const std::string&) { return 1; })).print();",
       "withTimestampAssigner() takes"},
      {"n.process(KeyedByInt{}).print();", "put keyBy() before process()"},
      {"n.keyBy([](int x) { return std::to_string(x); "
       "}).process(KeyedByInt{}).name(\"x\").print();",
       "with the types of this stream's keys and records"},
      {"env.fromElements(\"a\").keyBy([](const std::string&) { return 1; })"
       ".process(KeyedByInt{}).getSideOutput(weir::OutputTag<int>(\"x\")).print();",
       "with the types of this stream's keys and records"},
      {"n.process([](int, weir::ProcessContext& c, weir::Collector<int>&) { "
       "c.output(weir::OutputTag<int>(\"x\"), std::string()); }).print();",
       "output() takes a value of the type of its tag"},

      {"k.window(5).sum().print();", "a window assigner for the records"},
      {"k.window(weir::EventTimeSessionWindows::withDynamicGap([](int x) { return x; })).sum()"
       ".print();",
       "a window assigner for the records"},
      {"k.window(TextWindows{}).sum().print();", "a window assigner for the records"},
      {"k.window(EndlessWindows{}).sum().print();", "a window has"},
      {"k.window(UntriggeredWindows{}).sum().print();", "call trigger() before"},
      {"w.trigger(5).sum().print();", "trigger() takes"},
      {"w.trigger(TextTrigger{}).sum().print();", "trigger() takes"},
      {"w.trigger(weir::PurgingTrigger::of(TextTrigger{})).sum().print();", "trigger() takes"},
      {"w.evictor(weir::CountTrigger::of(2)).sum().print();", "evictor() takes"},
      {"w.sideOutputLateData(weir::OutputTag<std::string>(\"late\")).sum().print();",
       "sideOutputLateData() takes"},
      {"w.reduce([](int x) { return x; }).print();", "reduce() takes"},
      {"w.reduce(RichSum{}).print();", "no life and no state"},
      {"w.reduce([p = std::make_unique<int>()](int x, int) { return x; }).print();",
       "copied once per subtask"},
      {"w.fold(0, [](int x) { return x; }).print();", "fold() takes"},
      {"k.window(weir::EventTimeSessionWindows::withGap(std::chrono::seconds(1)))"
       ".fold(0, [](int a, int b) { return a + b; }).print();",
       "no way to merge"},
      {"w.aggregate([](int x) { return x; }).print();", "aggregate() takes"},
      {"w.aggregate(TextCount{}).print();", "aggregate() takes"},
      {"w.apply([](int x) { return x; }).print();", "apply() takes"},
      {"w.apply([](const int&, const weir::TimeWindow&, weir::Iterable<int>&, auto&) {}).print();",
       "apply() takes"},
      {"w.process([](const int&, const weir::TimeWindow&, weir::Iterable<int>&, "
       "weir::Collector<int>&) {}).print();",
       "process() takes"},
      {"w.reduce([](int a, int) { return a; }, [](int x) { return x; }).print();",
       "the second function gets"},
      {"n.windowAll(weir::TumblingEventTimeWindows::of(std::chrono::seconds(1)))"
       ".apply([](const int&, const weir::TimeWindow&, weir::Iterable<int>&, "
       "weir::Collector<int>&) {}).print();",
       "apply() takes"},
      {"n.join(n).where([](const std::string& s) { return s; }).equalTo([](int x) { return x; })"
       ".window(weir::GlobalWindows::create()).apply([](int a, int) { return a; }).print();",
       "where() takes"},
      {"n.join(n).where([](int x) { return x; }).equalTo([](const std::string& s) { return s; })"
       ".window(weir::GlobalWindows::create()).apply([](int a, int) { return a; }).print();",
       "equalTo() takes"},
      {"n.join(n).where([](int x) { return x; }).equalTo([](int x) { return std::to_string(x); })"
       ".window(weir::GlobalWindows::create()).apply([](int a, int) { return a; }).print();",
       "keys of the same type"},
      {"n.join(n).where([](int x) { return x; }).equalTo([](int x) { return x; })"
       ".window(weir::GlobalWindows::create()).apply([](int a) { return a; }).print();",
       "apply() of a join takes"},
      {"n.coGroup(n).where([](int x) { return x; }).equalTo([](int x) { return x; })"
       ".window(weir::GlobalWindows::create()).apply([](int a, int) { return a; }).print();",
       "apply() of a coGroup takes"},
      {"k.intervalJoin(n).between(std::chrono::seconds(0), std::chrono::seconds(1))"
       ".process([](int) {}).print();",
       "intervalJoin() takes"},
      {"k.intervalJoin(k).between(std::chrono::seconds(0), std::chrono::seconds(1))"
       ".process([](int) {}).print();",
       "process() of an interval join takes"},
      {"n.connect(env.fromElements(1).broadcast(weir::MapStateDescriptor<int, int>(\"rules\")))"
       ".process(KeyedByInt{}).name(\"x\").print();",
       "process() on a stream that is connected to a broadcast one takes"},
      {"k.process(KeyedByText{}).print();", "with the types of this stream's keys and records"},
      {"n.process(OfText{}).print();", "process() takes a ProcessFunction<T, Out>"},
      {"n.connect(n).process(CoOfText{}).print();", "are not those of the two streams"},
      {"n.connect(k).process([](int, weir::ProcessContext&, weir::Collector<int>&) {}, [](int, "
       "weir::ProcessContext&, weir::Collector<int>&) {}).print();",
       "connect() takes two streams with keys of one type"},
      {"k.connect(n.keyBy([](int x) { return std::to_string(x); })).map(Joins{}).print();",
       "connect() takes two streams with keys of one type"},
      {"n.assignTimestampsAndWatermarks(TextTimes{}).print();",
       "assignTimestampsAndWatermarks() takes"},
      {"n.getSideOutput(weir::OutputTag<Array10>(\"x\")).print();", "cannot serialize"},
      {"k.map(MapsToPointers{}).print();", "cannot serialize"},
      {"weir::StateTtlConfig::newBuilder(5).build();", "newBuilder() takes a time to live"},

      {"w.trigger(weir::DeltaTrigger::of(1.0, [](const std::string&, const std::string&) { return "
       "1.0; })).sum().print();",
       "trigger() takes"},
      {"w.evictor(weir::DeltaEvictor::of(1.0, [](const std::string&, const std::string&) { return "
       "1.0; })).sum().print();",
       "evictor() takes"},
      {"w.evictor(TextEvictor{}).sum().print();", "evictor() takes"},
      {"w.apply(OfGlobalWindows{}).print();", "apply() takes a WindowFunction"},
      {"w.process(OfTexts{}).print();", "process() takes a ProcessWindowFunction"},
      {"w.minBy([](int x) { return x; }).print();", "take a pointer to a member of the records"},
      {"k.sum([](int x) { return x; }).print();", "take a pointer to a member of the records"},
      {"w.sum(&Traded::price).print();", "the member belongs to another type"},
      {"n.join(n).where([](int x) { return x; }).equalTo([](int x) { return x; })"
       ".window(weir::GlobalWindows::create()).apply(JoinsText{}).print();",
       "apply() of a join takes"},
      {"n.coGroup(n).where([](int x) { return x; }).equalTo([](int x) { return x; })"
       ".window(weir::GlobalWindows::create()).apply(GroupsText{}).print();",
       "apply() of a coGroup takes"},
      {"k.intervalJoin(k).between(std::chrono::seconds(0), std::chrono::seconds(1))"
       ".process(JoinsTextInTime{}).print();",
       "process() of an interval join takes"},
      {"n.connect(env.fromElements(\"a\").broadcast(weir::MapStateDescriptor<int, int>(\"r\")))"
       ".process(Rules{}).print();",
       "process() on a stream that is connected to a broadcast one takes"},

      {"weir::testing::OneInputHarness h(KeyedByInt{});", "give the harness a key selector"},
      {"weir::testing::OneInputHarness h(JoinsText{});", "OneInputHarness takes functions of map"},
      {"weir::testing::OneInputHarness h([](auto x) { return x; });",
       "OneInputHarness takes functions of map"},
      {"weir::testing::TwoInputHarness h(KeyedByInt{});", "TwoInputHarness takes a CoMapFunction"},
      {"weir::testing::TwoInputHarness h(CoOfText{}, [](int x) { return x; });",
       "a key selector for each of them, or none"},
      {"weir::testing::TwoInputHarness h(CoOfText{}, [](int x) { return x; }, "
       "[](const std::string& s) { return s; });",
       "the keys of the two inputs are of one type"},
      {"weir::testing::TwoInputHarness h(JoinsText{}, [](int x) { return x; }, "
       "[](const std::string&) { return 1; });",
       "and then the windows of both"},
      {"weir::testing::TwoInputHarness h(JoinsText{}, [](int x) { return x; }, "
       "[](const std::string&) { return 1; }, weir::testing::between(weir::Time::seconds(0), "
       "weir::Time::seconds(1)));",
       "of a join or a coGroup a key selector for each input, and their windows"},
      {"weir::testing::TwoInputHarness h(JoinsText{}, [](int x) { return x; }, "
       "[](const std::string& s) { return s; }, weir::GlobalWindows::create());",
       "where() and equalTo() have to give keys of the same type"},
      {"weir::testing::TwoInputHarness h(JoinsText{}, [](int x) { return x; }, "
       "[](const std::string&) { return 1; }, TextWindows{});",
       "a window assigner for the records"},
      {"weir::testing::TwoInputHarness h(JoinsTextInTime{}, [](int x) { return x; }, "
       "[](const std::string&) { return 1; }, weir::GlobalWindows::create());",
       "a key selector for each input, and between(lower, upper)"},
      {"weir::testing::TwoInputHarness h(KeyedRules{}, weir::MapStateDescriptor<int, int>(\"r\"));",
       "and then the descriptors of the broadcast state"},
      {"weir::testing::OneInputHarness h(KeyedByText{}, [](int x) { return x; });",
       "gives keys of another type than the function's K"},
      {"weir::testing::OneInputHarness h(MapsStrings{}, 5);",
       "takes behind its function a key selector"},
      {"weir::testing::OneInputHarness h(OfGlobalWindows{}, [](int x) { return x; });",
       "this function runs in windows"},
      {"weir::testing::OneInputHarness h(OfGlobalWindows{}, [](int x) { return x; }, 5);",
       "takes behind a key selector the windows"},
      {"weir::testing::OneInputHarness h(OfGlobalWindows{}, [](int x) { return x; }, "
       "weir::TumblingEventTimeWindows::of(weir::Time::seconds(1)));",
       "apply() takes a WindowFunction"},
      {"weir::testing::OneInputHarness h(TextCount{}, [](const std::string& s) { return s; }, "
       "weir::testing::inWindows([](auto stream) { return stream; }));",
       "inWindows() takes a window assigner, or a callable"},
      {"weir::testing::OneInputHarness h(MapsStrings{}, [](const std::string& s) { return s; }, "
       "weir::GlobalWindows::create());",
       "OneInputHarness takes with windows an AggregateFunction"},
      {"weir::testing::SourceHarness h(KeyedByInt{});", "SourceHarness takes a SourceFunction"},
      {"n.addSink(weir::testing::sink<std::string>());", "addSink() takes"},
  };
  return all;
}

std::string statements() {
  std::string text;
  for (const Mistake& mistake : mistakes()) {
    text += "  { " + mistake.statement + " }\n";
  }
  return text;
}

/// What the mistakes with windows are made of.
std::string windowClasses() {
  return R"(struct TextWindows : weir::WindowAssigner<std::string, weir::TimeWindow> {
  std::vector<weir::TimeWindow> assignWindows(const std::string&, std::int64_t, Context&) override {
    return {};
  }
  auto getDefaultTrigger() const { return weir::EventTimeTrigger::create(); }
  bool isEventTime() const override { return true; }
};
struct Endless { int a = 0; };
struct EndlessWindows : weir::WindowAssigner<int, Endless> {
  std::vector<Endless> assignWindows(const int&, std::int64_t, Context&) override { return {}; }
  auto getDefaultTrigger() const { return weir::NeverTrigger::create(); }
  bool isEventTime() const override { return true; }
};
struct UntriggeredWindows : weir::WindowAssigner<int, weir::TimeWindow> {
  std::vector<weir::TimeWindow> assignWindows(const int&, std::int64_t, Context&) override {
    return {};
  }
  bool isEventTime() const override { return true; }
};
struct TextTrigger : weir::Trigger<std::string, weir::TimeWindow> {
  using Result = weir::TriggerResult;
  using Window = weir::TimeWindow;
  Result onElement(const std::string&, std::int64_t, const Window&, Context&) override {
    return Result::kFire;
  }
  Result onEventTime(std::int64_t, const Window&, Context&) override { return Result::kFire; }
  Result onProcessingTime(std::int64_t, const Window&, Context&) override { return Result::kFire; }
  void clear(const Window&, Context&) override {}
};
struct RichSum : weir::RichReduceFunction<int> {
  int reduce(const int& a, const int& b) override { return a + b; }
};
struct TextCount : weir::AggregateFunction<std::string, int, int> {
  int createAccumulator() override { return 0; }
  void add(const std::string&, int& count) override { ++count; }
  int getResult(const int& count) override { return count; }
  int merge(const int& a, const int& b) override { return a + b; }
};
)";
}

/// What the mistakes with time, joins and the test kit are made of.
std::string timeClasses() {
  return R"(struct KeyedByText : weir::KeyedProcessFunction<std::string, int, int> {
  void processElement(const int&, Context&, weir::Collector<int>&) override {}
};
struct OfText : weir::ProcessFunction<std::string, int> {
  void processElement(const std::string&, Context&, weir::Collector<int>&) override {}
};
struct CoOfText : weir::CoProcessFunction<int, std::string, int> {
  void processElement1(const int&, Context&, weir::Collector<int>&) override {}
  void processElement2(const std::string&, Context&, weir::Collector<int>&) override {}
};
struct TextTimes : weir::AssignerWithPunctuatedWatermarks<std::string> {
  std::int64_t extractTimestamp(const std::string&, std::int64_t) override { return 1; }
  std::optional<std::int64_t> checkAndGetNextWatermark(const std::string&, std::int64_t) override {
    return {};
  }
};
struct HeldPointer { char* p; };
struct MapsToPointers : weir::RichMapFunction<int, int> {
  weir::MapState<std::string, HeldPointer> map_{*this, "map"};
  int map(const int& x) override { return map_.contains("a") ? x : 0; }
};
struct TextEvictor : weir::Evictor<std::string, weir::TimeWindow> {
  using Elements = std::vector<weir::Timestamped<std::string>>;
  void evictBefore(Elements&, const weir::TimeWindow&) override {}
  void evictAfter(Elements&, const weir::TimeWindow&) override {}
};
struct OfGlobalWindows : weir::WindowFunction<int, int, int, weir::GlobalWindow> {
  void apply(const int&, const weir::GlobalWindow&, weir::Iterable<int>&, weir::Collector<int>&)
      override {}
};
struct OfTexts : weir::ProcessWindowFunction<std::string, int, int, weir::TimeWindow> {
  void process(const int&, Context&, weir::Iterable<std::string>&, weir::Collector<int>&)
      override {}
};
struct JoinsText : weir::JoinFunction<int, std::string, int> {
  int join(const int&, const std::string&) override { return 1; }
};
struct GroupsText : weir::CoGroupFunction<std::string, int, int> {
  void coGroup(weir::Iterable<std::string>&, weir::Iterable<int>&, weir::Collector<int>&)
      override {}
};
struct JoinsTextInTime : weir::ProcessJoinFunction<int, std::string, int> {
  void processElement(const int&, const std::string&, Context&, weir::Collector<int>&) override {}
};
struct Rules : weir::BroadcastProcessFunction<int, int, int> {
  void processElement(const int&, ReadOnlyContext&, weir::Collector<int>&) override {}
  void processBroadcastElement(const int&, Context&, weir::Collector<int>&) override {}
};
struct KeyedRules : weir::KeyedBroadcastProcessFunction<int, int, int, int> {
  void processElement(const int&, ReadOnlyContext&, weir::Collector<int>&) override {}
  void processBroadcastElement(const int&, Context&, weir::Collector<int>&) override {}
};
)";
}

/// What the mistakes with asynchronous functions are made of.
std::string asyncClasses() {
  return R"(struct AsksAboutStrings : weir::AsyncFunction<std::string, int> {
  void asyncInvoke(const std::string&, weir::ResultFuture<int>) override {}
};
struct AsksForArrays : weir::AsyncFunction<int, Array8> {
  void asyncInvoke(const int&, weir::ResultFuture<Array8>) override {}
};
struct Joins : weir::CoMapFunction<int, int, int> {
  int map1(const int& x) override { return x; }
  int map2(const int& x) override { return x; }
};
struct AsksAndIsUnique : weir::AsyncFunction<int, int> {
  std::unique_ptr<int> p;
  void asyncInvoke(const int&, weir::ResultFuture<int>) override {}
};
)";
}

std::string program() {
  std::string text = R"(#include "common/api/weir.h"
#include "common/testing/testing.h"
#include <memory>
#include <unordered_set>
)" + windowClasses() +
                     timeClasses();
  for (int i = 1; i <= 10; ++i) {
    text += "struct Array" + std::to_string(i) + " { int a[3]; };\n";
  }
  text += asyncClasses() + R"(struct Uncopyable { std::unique_ptr<int> p; };
class Unprintable { int x = 0; };
struct Legs { int a = 0; };
struct Traded { std::string symbol; double price = 0; Legs legs; };
struct Nested { Legs legs; };
struct Pointing { int* p; };
struct ListsPointers : weir::RichMapFunction<int, int> {
  weir::ListState<std::unique_ptr<char>> list{*this, "list"};
  int map(const int& x) override {
    list.add(nullptr);
    return static_cast<int>(list.size()) + x;
  }
};
struct KeptPointer { long* p; };
struct KeepsPointers : weir::RichMapFunction<int, int> {
  weir::ValueState<KeptPointer> value{*this, "value"};
  int map(const int& x) override {
    value.update({});
    return value.value().p == nullptr ? x : 0;
  }
};
struct CheckedPointer { short* p; };
struct ChecksPointers : weir::MapFunction<int, int>, weir::Checkpointed<CheckedPointer> {
  int map(const int& x) override { return x; }
  CheckedPointer snapshotState(std::uint64_t) override { return {}; }
  void restoreState(const CheckedPointer&) override {}
};
struct KeyedByInt : weir::KeyedProcessFunction<int, int, int> {
  void processElement(const int&, Context&, weir::Collector<int>&) override {} };
struct MapsStrings : weir::MapFunction<std::string, int> {
  int map(const std::string&) override { return 0; }
};
namespace weir {
template <> struct Serializer<Uncopyable> {
  static void write(const Uncopyable&, Writer&) {}
  static Uncopyable read(Reader&) { return {}; }
};
template <> struct Serializer<Unprintable> {
  static void write(const Unprintable&, Writer&) {}
  static Unprintable read(Reader&) { return {}; }
};
}
int main() {
  auto env = weir::StreamExecutionEnvironment::getExecutionEnvironment();
  auto n = env.fromElements(1, 2);
  auto k = n.keyBy([](int x) { return x; });
  auto w = k.window(weir::TumblingEventTimeWindows::of(std::chrono::seconds(1)));
)";
  return text + statements() + "  env.execute();\n}\n";
}

/// The lines with errors that the compiler gives for program().
std::vector<std::string> errorsOf(const std::string& compiler) {
  const std::string base = ::testing::TempDir() + "weir_mistakes_" + std::to_string(::getpid());
  std::ofstream(base + ".cc") << program();
  const std::string command = compiler + " -std=c++20 -fsyntax-only -I" WEIR_SOURCE_DIR " " + base +
                              ".cc 2>" + base + ".txt";
  EXPECT_NE(std::system(command.c_str()), 0);
  std::ifstream file(base + ".txt");
  std::vector<std::string> errors;
  for (std::string line; std::getline(file, line);) {
    if (line.find("error: ") != line.npos) {
      errors.push_back(line);
    }
  }
  std::remove((base + ".cc").c_str());
  std::remove((base + ".txt").c_str());
  return errors;
}

void expectOneErrorEach(std::vector<std::string> errors) {
  for (const Mistake& mistake : mistakes()) {
    const auto found = std::find_if(errors.begin(), errors.end(), [&](const std::string& error) {
      return error.find(mistake.error) != error.npos;
    });
    if (found == errors.end()) {
      ADD_FAILURE() << "no error says '" << mistake.error << "' of " << mistake.statement;
    } else {
      errors.erase(found);
    }
  }
  for (const std::string& error : errors) {
    ADD_FAILURE() << "one mistake has a second error: " << error;
  }
}

TEST(CompileErrorsTest, AMistakeIsOneErrorOfGcc) { expectOneErrorEach(errorsOf("g++")); }

TEST(CompileErrorsTest, AMistakeIsOneErrorOfClang) {
  if (std::system("command -v clang++-19 >/dev/null") != 0) {
    GTEST_SKIP() << "there is no clang++-19";
  }
  expectOneErrorEach(errorsOf("clang++-19 -ferror-limit=0"));
}

}  // namespace
}  // namespace weir
