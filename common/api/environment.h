#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <iterator>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "common/api/collection_source.h"
#include "common/api/connected_streams.h"
#include "common/api/data_stream.h"
#include "common/api/elements.h"
#include "common/api/job_execution_result.h"
#include "common/api/keyed_stream.h"
#include "common/api/program.h"
#include "common/api/settings.h"
#include "common/connector/csv_source.h"

namespace weir {

/// Where a program begins: makes sources, holds the job's settings, and runs it.
///
/// A handle: copies speak of the same job. One program is one job; main() builds the same graph
/// wherever it runs. The thread of main(). What is wrong with settings and graph is reported by
/// execute(), naming the operator.
class StreamExecutionEnvironment {
 public:
  static StreamExecutionEnvironment getExecutionEnvironment();
  /// The same with a default parallelism: the number of this machine's cores, or `parallelism`.
  static StreamExecutionEnvironment createLocalEnvironment();
  static StreamExecutionEnvironment createLocalEnvironment(int parallelism);

  /// On a program that is there already, for those that run its graph themselves (weir::testing).
  static StreamExecutionEnvironment of(std::shared_ptr<api::Program> program) {
    return StreamExecutionEnvironment(std::move(program));
  }

  /// Of operators that set none; without it -p, else parallelism.default.
  StreamExecutionEnvironment& setParallelism(int parallelism);
  int getParallelism() const;
  /// Key groups of operators that set none, from 1 to 32768; 4096 without it.
  StreamExecutionEnvironment& setMaxParallelism(int max_parallelism);
  StreamExecutionEnvironment& enableCheckpointing(
      Milliseconds interval, CheckpointingMode mode = CheckpointingMode::kExactlyOnce);
  CheckpointConfig checkpointConfig();
  /// "jobmanager" or "filesystem"; without it state.backend of the cluster.
  StreamExecutionEnvironment& setStateBackend(const std::string& name);
  StreamExecutionEnvironment& setRestartStrategy(const graph::RestartStrategy& strategy);
  StreamExecutionEnvironment& setBufferTimeout(Milliseconds timeout);
  StreamExecutionEnvironment& disableOperatorChaining();
  /// Which time windows and sources go by that do not name one; processing time without it. Before
  /// timeWindow() is called.
  StreamExecutionEnvironment& setStreamTimeCharacteristic(TimeCharacteristic characteristic);
  TimeCharacteristic getStreamTimeCharacteristic() const;
  /// How often watermarks are asked for that do not come with records; 200 ms without it.
  StreamExecutionEnvironment& setAutoWatermarkInterval(Time interval);

  /// The given elements, computed at submission; parallelism 1. They are of one type, or numbers of
  /// which one type holds all others: fromElements(1, 2.5) are doubles. Literals become strings.
  template <typename T, typename... More>
  auto fromElements(const T& first, const More&... more) {
    using Element = typename api::CommonElement<std::decay_t<T>, std::decay_t<More>...>::Type;
    constexpr bool kFits =
        api::kHolds<Element, std::decay_t<T>> && (api::kHolds<Element, std::decay_t<More>> && ...);
    static_assert(kFits,
                  "fromElements() takes elements of one type, or numbers that the widest of their "
                  "types holds without loss (no 64-bit integer beside a double, nothing signed "
                  "beside something unsigned as wide): write them in one type");
    if constexpr (kFits && api::checkRecord<Element>()) {
      return fromCollection(
          std::vector<Element>{static_cast<Element>(first), static_cast<Element>(more)...});
    } else {
      return api::Refused{};
    }
  }
  template <typename Range>
  auto fromCollection(const Range& elements) {
    using T = std::decay_t<decltype(*std::begin(elements))>;
    if constexpr (!api::checkRecord<T>()) {
      return api::Refused{};
    } else {
      api::NodeSpec spec =
          api::sourceSpec<T>("collection", "Collection Source", CollectionSource<T>(nullptr));
      spec.node.non_parallel = true;
      spec.node.payload = CollectionSource<T>::encode(elements);
      spec.make_factory = [](const api::SharedFacts& facts) -> functions::OperatorFactory {
        return [facts]() -> std::unique_ptr<functions::Operator> {
          return std::make_unique<functions::SourceOperator<CollectionSource<T>, T>>(
              CollectionSource<T>(facts), facts->time);
        };
      };
      return SingleOutputStreamOperator<T>(program_, program_->add(std::move(spec)));
    }
  }
  template <typename T>
  SingleOutputStreamOperator<T> fromCollection(std::initializer_list<T> elements) {
    return fromCollection(std::vector<T>(elements));
  }
  /// The numbers from `from` to `to`, both included.
  SingleOutputStreamOperator<std::int64_t> generateSequence(std::int64_t from, std::int64_t to);
  /// The lines of a file, or of all files of a directory.
  SingleOutputStreamOperator<std::string> readTextFile(const std::string& path);
  /// The records of a CSV file (RFC 4180), or of all files of a directory, as structs, tuples or
  /// single columns: readCsvFile<Trade>("/data/trades.csv", {.header = true}).
  template <typename T>
  auto readCsvFile(const std::string& path, const CsvOptions& options = {}) {
    if constexpr (api::checkRecord<T>()) {
      return source<T>("csvFile", "CSV File Source", CsvSource<T>(path, options));
    } else {
      return api::Refused{};
    }
  }
  /// The lines that a TCP server sends; parallelism 1.
  SingleOutputStreamOperator<std::string> socketTextStream(const std::string& host, int port);

  /// f: a SourceFunction<T>, or a callable InputStatus(SourceContext<T>&).
  template <typename F>
  auto addSource(F f, const std::string& name = "Custom Source") {
    if constexpr (functions::Implements<F, SourceFunction>) {
      return source<functions::ArgumentOf<F, SourceFunction, 0>>(
          "source", "Source: " + name, std::move(f));
    } else {
      using T = functions::EmittedBy<F>;
      static_assert(functions::Emits<F, T>,
                    "addSource() takes a SourceFunction<T> or a callable "
                    "InputStatus(SourceContext<T>&)");
      return source<T, functions::Emits<F, T>>("source", "Source: " + name, std::move(f));
    }
  }

  /// f() as it was at submission, in every process of the job.
  template <typename F>
  auto once(const std::string& name, F f) {
    using T = std::decay_t<decltype(f())>;
    const std::string bytes = program_->once(name, [&f] {
      Writer writer;
      record::write<T>(f(), writer);
      return writer.str();
    });
    Reader reader(bytes);
    return record::read<T>(reader);
  }

  /// Runs the job, once. Submitted, and on a worker, it does not return; by hand it returns when
  /// the job has finished, and throws JobExecutionException, which uncaught ends the program with
  /// status 1 and one line, when the job failed. By hand each environment has a job of its own.
  JobExecutionResult execute(const std::string& job_name = "Weir Streaming Job");
  /// The plan as JSON, as `weir info` prints it.
  std::string getExecutionPlan() const;
  /// The graph that execute() would run, or what is wrong with it. For tests and tools.
  Result<graph::ProgramGraph> getProgramGraph(const std::string& job_name) const {
    return program_->build(job_name);
  }

 private:
  explicit StreamExecutionEnvironment(std::shared_ptr<api::Program> program)
      : program_(std::move(program)) {}

  /// kFits: what the caller has asserted.
  template <typename T, bool kFits = true, typename F>
  auto source(std::string kind, std::string name, F f) {
    if constexpr (!kFits) {
      return api::Refused{};
    } else if constexpr (api::checkRecord<T>() && api::checkFunction<F>()) {
      return SingleOutputStreamOperator<T>(
          program_,
          program_->add(api::sourceSpec<T>(std::move(kind), std::move(name), std::move(f))));
    } else {
      return api::Refused{};
    }
  }

  std::shared_ptr<api::Program> program_;  // Shared with every stream.
};

}  // namespace weir
