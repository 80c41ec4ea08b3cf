#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/api/run.h"
#include "common/api/weir.h"
#include "common/base/program_environment.h"
#include "common/wire/encoding.h"
#include "tests/unit/common/api/programs.h"

namespace weir {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

std::vector<std::string> names(const graph::JobGraph& graph) {
  std::vector<std::string> names;
  for (const graph::JobVertex& vertex : graph.vertices) {
    names.push_back(vertex.name);
  }
  return names;
}

graph::JobGraph graphOf(const StreamExecutionEnvironment& env, const std::string& name) {
  auto program = env.getProgramGraph(name);
  EXPECT_TRUE(program.has_value()) << program.error().text();
  return std::move(program->graph);
}

std::string errorOf(const StreamExecutionEnvironment& env) {
  const auto program = env.getProgramGraph("wrong");
  return program.has_value() ? "nothing is wrong" : program.error().text();
}

TEST(GraphTest, AJobWithoutANameGetsTheUsualOne) {
  auto env = StreamExecutionEnvironment::getExecutionEnvironment();
  env.fromElements(1, 2).print();
  EXPECT_EQ(graphOf(env, "").name, "Weir Streaming Job");
}

TEST(GraphTest, NamesWithLineBreaksBeginNoLineOfAnError) {
  auto env = StreamExecutionEnvironment::getExecutionEnvironment();
  env.fromElements(1, 2).uid("a\nweir: forged").print().uid("a\nweir: forged");
  EXPECT_THAT(errorOf(env),
              testing::AllOf(HasSubstr("'a\\nweir: forged'"), Not(HasSubstr("\nweir: forged"))));
}

TEST(GraphTest, UidAndNameStayWithTheirOperator) {
  auto env = StreamExecutionEnvironment::getExecutionEnvironment();
  env.fromElements(1, 2)
      .uid("source")
      .map([](int value) { return value; })
      .uid("mapper")
      .name("y")
      .setParallelism(1)
      .print()
      .uid("sink");
  const graph::JobGraph graph = graphOf(env, "chained");
  ASSERT_EQ(graph.operators.size(), 3U);
  EXPECT_EQ(graph.operators[0].uid, "source");
  EXPECT_EQ(graph.operators[1].uid, "mapper");
  EXPECT_EQ(graph.operators[1].name, "y");
  EXPECT_EQ(graph.operators[2].uid, "sink");
  EXPECT_EQ(graph.name, "chained");
}

TEST(GraphTest, PartitioningsReachTheGraph) {
  auto env = StreamExecutionEnvironment::getExecutionEnvironment();
  env.setParallelism(2);
  auto numbers = env.generateSequence(1, 10).startNewChain();
  const auto sink = [](const std::int64_t& /*value*/) {};
  numbers.shuffle().addSink(sink);
  numbers.rebalance().addSink(sink);
  numbers.rescale().addSink(sink);
  numbers.broadcast().addSink(sink);
  numbers.global().addSink(sink);
  numbers.keyBy([](std::int64_t value) { return value; }).addSink(sink);
  numbers
      .partitionCustom([](std::int64_t key, int n) { return static_cast<int>(key % n); },
                       [](std::int64_t value) { return value; })
      .addSink(sink);
  numbers.forward().addSink(sink);
  const graph::JobGraph graph = graphOf(env, "partitions");
  std::vector<graph::Partitioning> found;
  for (const graph::JobEdge& edge : graph.edges) {
    found.push_back(edge.partitioning);
  }
  using graph::Partitioning;
  EXPECT_THAT(found,
              ::testing::UnorderedElementsAre(Partitioning::kShuffle,
                                              Partitioning::kRebalance,
                                              Partitioning::kRescale,
                                              Partitioning::kBroadcast,
                                              Partitioning::kGlobal,
                                              Partitioning::kHash,
                                              Partitioning::kCustom));
}

struct CountingMap : RichMapFunction<int, int> {
  ValueState<std::int64_t> seen_{*this, "seen", 0};
  int map(const int& value) override { return value; }
};

TEST(GraphTest, DeclaredStateIsInTheGraphWithItsKey) {
  auto env = StreamExecutionEnvironment::getExecutionEnvironment();
  env.fromElements(1, 2).keyBy([](int value) { return value; }).map(CountingMap{}).print();
  const graph::JobGraph graph = graphOf(env, "declared");
  const graph::JobOperator& mapper = graph.operators[1];
  ASSERT_EQ(mapper.states.size(), 1U);
  EXPECT_EQ(mapper.states[0].name, "seen");
  EXPECT_EQ(mapper.states[0].key.kind, record::SchemaKind::kInt);
  EXPECT_TRUE(mapper.stateful);
}

struct CountingSink : RichSinkFunction<int> {
  ValueState<std::int64_t> seen_{*this, "seen", 0};
  void invoke(const int& /*value*/) override { seen_.update(seen_.value() + 1); }
};

struct AskingMap : CountingMap {
  void open(RuntimeContext& context) override {
    context.getState(ValueStateDescriptor<int>("late"));
  }
};
struct HeirOfAsking : AskingMap {};
struct HidingOpen : CountingMap {
 private:
  void open(RuntimeContext& /*context*/) override {}
};
struct AskingReduce : RichReduceFunction<int> {
  void open(RuntimeContext& /*context*/) override {}
  int reduce(const int& a, const int& b) override { return a + b; }
};

TEST(GraphTest, AllStateIsDeclaredUnlessAFunctionHasAnOpenToAskIn) {
  auto env = StreamExecutionEnvironment::getExecutionEnvironment();
  auto numbers = env.fromElements(1, 2);
  auto keyed = numbers.keyBy([](int value) { return value; });
  const auto allDeclared = [&](const char* uid, auto stream) {
    stream.uid(uid);
    const graph::JobGraph graph = graphOf(env, "asking");
    return graph.operators.back().all_states_declared;
  };
  EXPECT_TRUE(allDeclared("1", keyed.map(CountingMap{})));
  EXPECT_FALSE(allDeclared("2", keyed.map(AskingMap{})));
  EXPECT_FALSE(allDeclared("3", keyed.map(HeirOfAsking{})));
  EXPECT_FALSE(allDeclared("4", keyed.map(HidingOpen{})));
  EXPECT_TRUE(allDeclared("5", keyed.map([](int value) { return value; })));
  EXPECT_TRUE(allDeclared("6", keyed.reduce([](int a, int b) { return a + b; })));
  EXPECT_FALSE(allDeclared("7", keyed.reduce(AskingReduce{})));
  EXPECT_TRUE(allDeclared("8", keyed.addSink(CountingSink{})));
  struct Plain : RichMapFunction<int, int> {
    void open(RuntimeContext& /*context*/) override {}
    int map(const int& value) override { return value; }
  };
  EXPECT_TRUE(allDeclared("9", numbers.map(Plain{}))) << "there is no key, thus no keyed state";
}

TEST(GraphTest, ASinkOfAKeyedStreamHasKeyedState) {
  auto env = StreamExecutionEnvironment::getExecutionEnvironment();
  env.fromElements(1, 2).keyBy([](int value) { return value; }).addSink(CountingSink{});
  const graph::JobGraph graph = graphOf(env, "sink");
  ASSERT_EQ(graph.operators[1].states.size(), 1U);
  EXPECT_EQ(graph.operators[1].states[0].key.kind, record::SchemaKind::kInt);
}

struct Appending : FoldFunction<int, std::string> {
  std::string fold(const std::string& text, const int& value) override {
    return text + std::to_string(value);
  }
};

TEST(GraphTest, AFoldCutsNothingOffItsResult) {
  auto env = StreamExecutionEnvironment::getExecutionEnvironment();
  const auto keyed = env.fromElements(1, 2).keyBy([](int value) { return value; });
  const auto halves = keyed.fold(0, [](double sum, int value) { return sum + value / 2.0; });
  static_assert(std::is_same_v<decltype(halves)::Record, double>);
  const auto texts = keyed.fold("", Appending{});
  static_assert(std::is_same_v<decltype(texts)::Record, std::string>);
  EXPECT_TRUE(env.getProgramGraph("folds").has_value());
}

TEST(GraphTest, TuplesAreWrittenAsFlinkDoes) {
  EXPECT_EQ(toText(std::tuple(std::string("to"), 1, std::pair(2, 3.5))), "(to,1,(2,3.5))");
}

TEST(GraphTest, KeyedStateWithoutKeyIsRefusedByName) {
  auto env = StreamExecutionEnvironment::getExecutionEnvironment();
  env.fromElements(1, 2).map(CountingMap{}).name("counter").print();
  EXPECT_THAT(errorOf(env),
              AllOf(HasSubstr("counter"), HasSubstr("keyed state 'seen'"), HasSubstr("keyBy")));
}

TEST(GraphTest, ASecondExecuteIsAnError) {
  EXPECT_EXIT(
      [&]() noexcept {  // As main() is: nobody catches what leaves it.
        auto env = StreamExecutionEnvironment::getExecutionEnvironment();
        env.fromElements(1).print();
        env.execute("one");
        env.execute("two");
      }(),
      ::testing::ExitedWithCode(1),
      "second time.*one program is one job");
}

TEST(GraphTest, ASubmittedProgramWithoutExecuteEndsWithAnError) {
  EXPECT_EXIT(
      {
        setenv("WEIR_MODE", "graph", 1);
        auto env = StreamExecutionEnvironment::getExecutionEnvironment();
        env.fromElements(1).print();
        std::exit(0);
      },
      ::testing::ExitedWithCode(1),
      "ended without execute");
}

/// What a program in graph mode hands to the client; it prints nothing of Weir's.
std::string frameOf(const std::function<void()>& program, int expected_status) {
  std::FILE* file = std::tmpfile();
  const std::string descriptor = std::to_string(fileno(file));
  EXPECT_EXIT(
      {
        setenv("WEIR_MODE", "graph", 1);
        setenv("WEIR_GRAPH_FD", descriptor.c_str(), 1);
        setenv("WEIR_PARALLELISM", "3", 1);
        setenv("WEIR_JOB_CONFIG", R"({"execution.checkpointing.interval": "5 s"})", 1);
        program();
      },
      ::testing::ExitedWithCode(expected_status),
      Not(HasSubstr("weir: ")));
  std::string frame(100'000, '\0');
  std::rewind(file);
  frame.resize(std::fread(frame.data(), 1, frame.size(), file));
  std::fclose(file);
  return frame;
}

TEST(GraphTest, ASubmittedProgramHandsItsGraphOver) {
  const std::string frame = frameOf(
      [] {
        auto env = StreamExecutionEnvironment::getExecutionEnvironment();
        env.generateSequence(1, 5).print();
        env.execute("submitted");
      },
      0);
  ASSERT_FALSE(frame.empty());
  EXPECT_EQ(frame[0], program_environment::kGraphFrame);
  const auto graph = wire::decodeJobGraph(std::string_view(frame).substr(1));
  ASSERT_TRUE(graph.has_value()) << graph.error().text();
  EXPECT_EQ(graph->name, "submitted");
  EXPECT_EQ(graph->operators[0].parallelism, 3U);
  EXPECT_EQ(graph->checkpoints.interval, std::chrono::seconds(5));
}

TEST(GraphTest, ASubmittedProgramHandsItsErrorOver) {
  const std::string frame = frameOf(
      [] {
        auto env = StreamExecutionEnvironment::getExecutionEnvironment();
        env.generateSequence(1, 5).uid("same").print().uid("same");
        env.execute("submitted");
      },
      1);
  ASSERT_FALSE(frame.empty());
  EXPECT_EQ(frame[0], program_environment::kErrorFrame);
  EXPECT_THAT(frame, HasSubstr("same"));
}

TEST(GraphTest, ASubmittedProgramWithoutExecuteHandsThatOver) {
  const std::string frame = frameOf(
      [] {
        auto env = StreamExecutionEnvironment::getExecutionEnvironment();
        env.fromElements(1).print();
        std::exit(0);
      },
      1);
  ASSERT_FALSE(frame.empty());
  EXPECT_EQ(frame[0], program_environment::kErrorFrame);
  EXPECT_THAT(frame, HasSubstr("ended without execute"));
}

TEST(GraphTest, ASubmittedProgramThatPlansAMalformedGraphHandsTheErrorOver) {
  const std::string frame = frameOf(
      [] {
        auto env = StreamExecutionEnvironment::getExecutionEnvironment();
        env.generateSequence(1, 5).uid("same").print().uid("same");
        (void)env.getExecutionPlan();
      },
      1);
  ASSERT_FALSE(frame.empty());
  EXPECT_EQ(frame[0], program_environment::kErrorFrame);
  EXPECT_THAT(frame, HasSubstr("same"));
}

TEST(GraphTest, SenselessCheckpointSettingsAreRefusedByNameOfTheCall) {
  const auto refusalOf = [](const std::function<void(StreamExecutionEnvironment&)>& set) {
    auto env = StreamExecutionEnvironment::getExecutionEnvironment();
    env.fromElements(1).print();
    set(env);
    return errorOf(env);
  };
  EXPECT_THAT(refusalOf([](auto& env) { env.enableCheckpointing(0); }),
              HasSubstr("enableCheckpointing()"));
  EXPECT_THAT(refusalOf([](auto& env) { env.checkpointConfig().setCheckpointInterval(0); }),
              HasSubstr("setCheckpointInterval()"));
  EXPECT_THAT(refusalOf([](auto& env) { env.checkpointConfig().setCheckpointTimeout(0); }),
              HasSubstr("setCheckpointTimeout()"));
  EXPECT_THAT(
      refusalOf([](auto& env) { env.checkpointConfig().setMinPauseBetweenCheckpoints(-1); }),
      HasSubstr("setMinPauseBetweenCheckpoints()"));
  for (const int count : {0, -1, 1001}) {
    EXPECT_THAT(
        refusalOf([&](auto& env) { env.checkpointConfig().setMaxConcurrentCheckpoints(count); }),
        HasSubstr("setMaxConcurrentCheckpoints(" + std::to_string(count) + ")"));
  }
}

TEST(GraphTest, SensibleCheckpointSettingsReachTheGraph) {
  auto env = StreamExecutionEnvironment::getExecutionEnvironment();
  env.fromElements(1).print();
  env.checkpointConfig()
      .setCheckpointInterval(7)
      .setCheckpointTimeout(std::chrono::seconds(2))
      .setMinPauseBetweenCheckpoints(0)
      .setMaxConcurrentCheckpoints(3)
      .enableUnalignedCheckpoints()
      .setAlignedCheckpointTimeout(std::chrono::seconds(4));
  const graph::CheckpointSettings settings = graphOf(env, "checkpoints").checkpoints;
  EXPECT_TRUE(settings.enabled);
  EXPECT_EQ(settings.interval.count(), 7);
  EXPECT_EQ(settings.timeout.count(), 2000);
  EXPECT_EQ(settings.max_concurrent, 3U);
  EXPECT_TRUE(settings.unaligned);
  EXPECT_EQ(settings.aligned_timeout.count(), 4000);
}

TEST(GraphTest, UnalignedCheckpointsAreOffUnlessAskedForAndNotForAtLeastOnce) {
  auto env = StreamExecutionEnvironment::getExecutionEnvironment();
  env.fromElements(1).print();
  EXPECT_FALSE(graphOf(env, "checkpoints").checkpoints.unaligned);
  env.checkpointConfig().enableUnalignedCheckpoints();
  EXPECT_TRUE(graphOf(env, "checkpoints").checkpoints.unaligned);
  env.checkpointConfig().setCheckpointingMode(CheckpointingMode::kAtLeastOnce);
  EXPECT_THAT(errorOf(env),
              HasSubstr("unaligned checkpoints are for CheckpointingMode::kExactlyOnce"));
  env.checkpointConfig().setAlignedCheckpointTimeout(-1);
  EXPECT_THAT(errorOf(env), HasSubstr("setAlignedCheckpointTimeout()"));
}

TEST(GraphTest, ALocalEnvironmentHasTheNumberOfCoresUnlessTold) {
  const int cores = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  auto env = StreamExecutionEnvironment::createLocalEnvironment();
  EXPECT_EQ(env.getParallelism(), cores);
  EXPECT_EQ(StreamExecutionEnvironment::createLocalEnvironment(5).getParallelism(), 5);
  env.generateSequence(1, 5).print();
  EXPECT_EQ(graphOf(env, "cores").name, "cores");
}

TEST(GraphTest, ALocalEnvironmentHasTheSubmittersNumberOfCoresOnAWorker) {
  auto here = StreamExecutionEnvironment::createLocalEnvironment();
  here.generateSequence(1, 5).print();
  graph::JobGraph submitted = graphOf(here, "cores");
  Writer eleven;
  eleven.put<std::int32_t>(11);
  ASSERT_EQ(submitted.once.size(), 1U);
  submitted.once[0].bytes = eleven.str();
  startOfWorker().submitted.graph = std::move(submitted);
  setenv("WEIR_MODE", "worker", 1);
  EXPECT_EQ(StreamExecutionEnvironment::createLocalEnvironment().getParallelism(), 11);
  unsetenv("WEIR_MODE");
}

TEST(GraphTest, SumTakesMemberPlaceAndName) {
  auto env = StreamExecutionEnvironment::getExecutionEnvironment();
  auto keyed = env.fromElements(Sale{"a", 1.5}).keyBy(&Sale::item);
  keyed.sum(&Sale::price).print();
  keyed.sum(1).print();
  keyed.sum("price").print();
  keyed.maxBy("price").print();
  const graph::JobGraph graph = graphOf(env, "sums");
  EXPECT_EQ(graph.operators[1].kind, "sum");
}

TEST(GraphTest, AKeyedStreamHasATypeThatUsersCanWrite) {
  struct Counted {
    KeyedStream<Sale, std::string> sales;
  };
  auto env = StreamExecutionEnvironment::getExecutionEnvironment();
  const auto keyed = env.fromElements(Sale{"a", 1.5}).keyBy(&Sale::item);
  const Counted counted{keyed};
  KeyedStream<Sale, std::string> of_lambda =
      env.fromElements(Sale{"a", 1.5}).keyBy([](const Sale& sale) { return sale.item; });
  of_lambda = counted.sales;
  of_lambda.sum(&Sale::price).print();
  const graph::JobGraph graph = graphOf(env, "named");
  ASSERT_FALSE(graph.edges.empty());
  EXPECT_EQ(graph.edges[0].partitioning, graph::Partitioning::kHash);
}

TEST(GraphTest, AnEdgeTellsTheTypeOfItsRecords) {
  auto env = StreamExecutionEnvironment::getExecutionEnvironment();
  const OutputTag<std::string> names("names");
  auto sales = env.fromElements(Sale{"a", 1.5})
                   .shuffle()
                   .process([names](const Sale& sale, ProcessContext& to, Collector<Sale>&) {
                     to.output(names, sale.item);
                   });
  sales.getSideOutput(names).broadcast().print();
  sales.keyBy(&Sale::item).sum(&Sale::price).shuffle().print();
  const graph::JobGraph graph = graphOf(env, "typed");
  std::vector<record::Schema> types;
  for (const graph::JobEdge& edge : graph.edges) {
    types.push_back(edge.records);
  }
  const record::Schema sale = record::schemaOf<Sale>();
  const record::Schema name = record::schemaOf<std::string>();
  EXPECT_THAT(types, ::testing::UnorderedElementsAre(sale, sale, sale, name));
}

TEST(GraphTest, TwoCallablesTakeTwoStreams) {
  auto env = StreamExecutionEnvironment::getExecutionEnvironment();
  auto both = env.fromElements(1, 2).connect(env.fromElements("a"));
  both.flatMap([](int value, Collector<std::string>& out) { out.collect(std::to_string(value)); },
               [](const std::string& word, auto& out) { out.collect(word); })
      .print();
  both.process<int>([](int value, auto& /*context*/, auto& out) { out.collect(value); },
                    [](const std::string& word, ProcessContext& /*context*/, auto& out) {
                      out.collect(static_cast<int>(word.size()));
                    })
      .print();
  const graph::JobGraph graph = graphOf(env, "pairs");
  EXPECT_EQ(graph.operators[2].kind, "coFlatMap");
  EXPECT_EQ(graph.operators[4].kind, "coProcess");
}

TEST(GraphTest, NumbersOfSeveralTypesBecomeTheWidest) {
  using Env = StreamExecutionEnvironment&;
  using Doubles = decltype(std::declval<Env>().fromElements(1, 2.5));
  using Longs = decltype(std::declval<Env>().fromElements(1, 5000000000LL));
  using Shorts = decltype(std::declval<Env>().fromElements(short{1}, short{2}));
  using Words = decltype(std::declval<Env>().fromElements("a", std::string("b")));
  EXPECT_TRUE((std::is_same_v<Doubles::Record, double>));
  EXPECT_TRUE((std::is_same_v<Longs::Record, long long>));
  EXPECT_TRUE((std::is_same_v<Shorts::Record, short>));
  EXPECT_TRUE((std::is_same_v<Words::Record, std::string>));
}

TEST(GraphTest, SumOfWhatIsNoNumberIsRefused) {
  auto env = StreamExecutionEnvironment::getExecutionEnvironment();
  env.fromElements(Sale{"a", 1.5}).keyBy(&Sale::item).sum("item").print();
  EXPECT_THAT(errorOf(env), HasSubstr("sum() needs a number"));
}

TEST(GraphTest, SelectChainsWithItsInput) {
  auto env = StreamExecutionEnvironment::getExecutionEnvironment();
  env.setParallelism(3);
  auto split = env.fromElements(1, 2, 3).split(
      [](int value) { return std::vector<std::string>{value % 2 == 0 ? "even" : "odd"}; });
  split.select("even", "none").print().setParallelism(1);
  const graph::JobGraph graph = graphOf(env, "select");
  EXPECT_THAT(names(graph), ElementsAre(HasSubstr("Select -> ")));
}

TEST(GraphTest, ConnectedAndUnitedStreamsHaveTwoInputs) {
  auto env = StreamExecutionEnvironment::getExecutionEnvironment();
  auto numbers = env.fromElements(1, 2);
  auto words = env.fromElements("a", "b");
  numbers.connect(words)
      .map([](int value) { return std::to_string(value); },
           [](const std::string& word) { return word; })
      .union_(words, words.map([](const auto& word) { return word + "!"; }))
      .writeAsText("/nowhere");
  const graph::JobGraph graph = graphOf(env, "two");
  EXPECT_EQ(graph.operators.size(), 5U);
  EXPECT_EQ(graph.operators[2].kind, "coMap");
}

std::string toCsv(const auto& value) {
  std::string line;
  api::appendCsv(line, value);
  return line;
}

TEST(GraphTest, CsvIsQuotedAsRfc4180Says) {
  using Row = std::tuple<std::string, int, std::string>;
  EXPECT_EQ(toCsv(Row("plain", 1, "with space")), "plain,1,with space");
  EXPECT_EQ(toCsv(Row("a,b", 2, "say \"hi\"")), R"("a,b",2,"say ""hi""")");
  EXPECT_EQ(toCsv(Row("two\nlines", 3, "\r")), "\"two\nlines\",3,\"\r\"");
  EXPECT_EQ(toCsv(Row("", 4, "\"")), R"(,4,"""")");
  EXPECT_EQ(toCsv(Sale{"x,y", 1.5}), R"("x,y",1.5)");
  EXPECT_EQ(toCsv(std::string("one, field")), R"("one, field")");
  EXPECT_EQ(toCsv(std::string()), R"("")") << "an empty line is no record";
  EXPECT_EQ(toCsv(std::pair(1, std::vector<int>{2, 3})), R"(1,"[2, 3]")");
}

TEST(GraphTest, RefusesARelativePathOfASinkAndOfASource) {
  auto env = StreamExecutionEnvironment::getExecutionEnvironment();
  env.fromElements(1, 2).writeAsText("out.txt");
  EXPECT_THAT(errorOf(env),
              AllOf(HasSubstr("'Sink: out.txt'"),
                    HasSubstr("the path 'out.txt' is relative, but the client and each worker")));
  auto reads = StreamExecutionEnvironment::getExecutionEnvironment();
  reads.readTextFile("./in").print();
  EXPECT_THAT(errorOf(reads), HasSubstr("the path './in' is relative"));
  auto own = StreamExecutionEnvironment::getExecutionEnvironment();
  own.addSource(FileSource(std::vector<std::string>{"/in", "more"}))
      .addSink(TextFileSink("own.txt"));
  EXPECT_THAT(errorOf(own), HasSubstr("the path 'more' is relative"));
  auto csv = StreamExecutionEnvironment::getExecutionEnvironment();
  csv.fromElements(1).writeAsCsv("ftp://host/out");
  EXPECT_THAT(errorOf(csv), AllOf(HasSubstr("scheme 'ftp'"), HasSubstr("hdfs:")));
}

TEST(GraphTest, RefusesTwoSinksOfOnePath) {
  auto env = StreamExecutionEnvironment::getExecutionEnvironment();
  auto numbers = env.fromElements(1, 2);
  numbers.writeAsText("/out/x").name("first");
  numbers.writeAsCsv("file:/out//x", WriteMode::kOverwrite).name("second");
  EXPECT_THAT(errorOf(env),
              AllOf(HasSubstr("'first'"),
                    HasSubstr("'second'"),
                    HasSubstr("write to the same path /out/x; give each a path of its own")));
  auto within = StreamExecutionEnvironment::getExecutionEnvironment();
  auto more = within.fromElements(1, 2);
  more.writeAsText("/out");
  more.writeAsText("/out/1");
  EXPECT_THAT(errorOf(within), HasSubstr("write to the same path /out/1"));
  auto apart = StreamExecutionEnvironment::getExecutionEnvironment();
  auto others = apart.fromElements(1, 2);
  others.writeAsText("/out/a");
  others.writeAsText("/out/b");
  EXPECT_EQ(errorOf(apart), "nothing is wrong");
}

TEST(GraphTest, ElementsTravelInThePayloadAndComeOutAgain) {
  auto env = StreamExecutionEnvironment::getExecutionEnvironment();
  env.fromElements(Sale{"a", 1.5}, Sale{"b", 2}).print();
  const auto program = env.getProgramGraph("elements");
  ASSERT_TRUE(program.has_value()) << program.error().text();
  EXPECT_EQ(emittedBy<Sale>(program->code.operators[0].make()),
            (std::vector<Sale>{{"a", 1.5}, {"b", 2}}));
}

TEST(GraphTest, OnceIsComputedAndKept) {
  auto env = StreamExecutionEnvironment::getExecutionEnvironment();
  EXPECT_EQ(env.once("seed", [] { return std::string("s"); }), "s");
  env.fromElements(1).print();
  const graph::JobGraph graph = graphOf(env, "once");
  ASSERT_EQ(graph.once.size(), 1U);
  EXPECT_EQ(graph.once[0].name, "seed");
}

TEST(GraphTest, ThePlanIsJson) {
  auto env = StreamExecutionEnvironment::getExecutionEnvironment();
  env.fromElements(1).print();
  EXPECT_THAT(env.getExecutionPlan(), HasSubstr("\"vertices\""));
}

}  // namespace
}  // namespace weir
