#include "common/api/program.h"

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include <unistd.h>

#include "common/api/execute_watchdog.h"
#include "common/api/loop_check.h"
#include "common/api/run.h"
#include "common/api/surroundings.h"
#include "common/api/uncaught.h"
#include "common/base/program_environment.h"
#include "common/base/utf8.h"
#include "common/config/job_options.h"
#include "common/config/value.h"
#include "common/graph/plan.h"
#include "common/wire/encoding.h"

namespace weir::api {

namespace {

constexpr const char* kUnnamed = "Weir Streaming Job";  // As execute() without a name has it.

// Set by the first execute() of the process.
std::atomic<bool> g_executed{false};
// By hand a program may also end once it has looked at its graph.
std::atomic<bool> g_looked_at{false};

// From the first Program until execute().
std::unique_ptr<ExecuteWatchdog> g_watchdog;

/// Tells those who started the program.
void report(const Error& error) {
  std::fflush(nullptr);
  if (modeOfProcess() == Role::kWorker) {
    runWorker(error);
  }
  if (modeOfProcess() == Role::kGraph &&
      writeGraphFrame(program_environment::kErrorFrame, error.text()).has_value()) {
    return;  // The client prints it.
  }
  std::fprintf(stderr, "weir: %s\n", error.text().c_str());
}

void complainWithoutExecute(int status, void* /*unused*/) {
  g_watchdog.reset();
  if (g_executed || status != 0 || (g_looked_at && modeOfProcess() == Role::kLocal)) {
    return;
  }
  report(Error(ErrorCode::kInvalidArgument, "the program ended without execute()")
             .advise("call env.execute(\"name\") at the end of main()"));
  ::_exit(1);
}

/// On the watchdog's thread: main() may hold any lock, those of the standard streams included.
void endLateProgram(Duration timeout) {
  const Error error =
      Error(ErrorCode::kDeadlineExceeded,
            "the program did not reach execute() within " + config::formatDuration(timeout) +
                " (client.program.timeout)")
          .advise("do in open() what takes so long, or raise client.program.timeout");
  if (modeOfProcess() == Role::kWorker) {
    runWorker(error);
  }
  const std::string line = "weir: " + error.text() + "\n";
  (void)!::write(STDERR_FILENO, line.data(), line.size());
  ::_exit(1);
}

/// The first Program of the process starts it.
void watch(Duration timeout) {
  static const bool started = [&] {
    g_watchdog = std::make_unique<ExecuteWatchdog>(timeout, [timeout] { endLateProgram(timeout); });
    return true;
  }();
  (void)started;
}

}  // namespace

void exitWith(const Error& error) {
  g_executed = true;
  report(error);
  std::exit(1);
}

Program::Program() : role_(modeOfProcess()) {
  static const bool watched = ::on_exit(&complainWithoutExecute, nullptr) == 0;
  (void)watched;
  if (role_ == Role::kLocal) {
    endFailedProgramsWithOneLine();
  }
  readSurroundings();
}

Program::Program(std::uint32_t parallelism) : role_(Role::kLocal), tested_(true) {
  settings_.default_parallelism = parallelism;
}

void Program::readSurroundings() {
  auto surroundings = readProgramSurroundings();
  if (!surroundings.has_value()) {
    return refuse(surroundings.error().text());
  }
  // By hand the daemons are in this process, and with them whatever they may know.
  configuration_ = role_ == Role::kLocal ? surroundings->configuration.toWholeMap()
                                         : surroundings->configuration.toMap();
  const config::Configuration& values = surroundings->configuration;
  settings_.default_parallelism = surroundings->parallelism;
  settings_.max_parallelism = static_cast<std::uint32_t>(values.get(config::kMaxParallelism));
  if (role_ != Role::kGraph) {  // There the client watches.
    watch(values.get(config::kProgramTimeout));
  }
  const auto millis = [](Duration time) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(time);
  };
  graph::CheckpointSettings& checkpoints = settings_.checkpoints;
  checkpoints.interval = millis(values.get(config::kCheckpointInterval));
  checkpoints.enabled = checkpoints.interval.count() > 0;
  checkpoints.mode = values.get(config::kCheckpointMode) == "AT_LEAST_ONCE"
                         ? graph::CheckpointingMode::kAtLeastOnce
                         : graph::CheckpointingMode::kExactlyOnce;
  checkpoints.timeout = millis(values.get(config::kCheckpointTimeout));
  checkpoints.min_pause = millis(values.get(config::kCheckpointMinPause));
  checkpoints.max_concurrent =
      static_cast<std::uint32_t>(values.get(config::kCheckpointMaxConcurrent));
  checkpoints.unaligned = values.get(config::kUnalignedCheckpoints);
  checkpoints.aligned_timeout = millis(values.get(config::kAlignedCheckpointTimeout));
}

void Program::claimTag(const std::string& id, const void* type) {
  if (id.empty()) {
    refuse("an output tag has an empty name");
  } else if (tags_.emplace(id, type).first->second != type) {
    refuse("the output tag '" + id + "' is used with two types: give the other one another name");
  }
}

void Program::refuse(std::string what) { errors_.push_back(std::move(what)); }

std::uint32_t Program::add(NodeSpec spec) {
  auto facts = std::make_shared<NodeFacts>();
  spec.node.factory = spec.make_factory(facts);
  for (std::uint32_t port = 0; port < spec.inputs.size(); ++port) {
    for (StreamInput& input : spec.inputs[port]) {
      graph::StreamEdge edge;
      edge.source = input.node;
      edge.port = port;
      edge.partitioning = input.partitioning;
      edge.make_writer = [make = std::move(input.make_writer),
                          facts](graph::Partitioning partitioning) {
        return make(partitioning, facts);
      };
      edge.make_reader = std::move(input.make_reader);
      edge.side = std::move(input.side);
      edge.records = input.records;
      spec.node.inputs.push_back(std::move(edge));
    }
  }
  facts_.push_back(std::move(facts));
  return graph_.add(std::move(spec.node));
}

std::string Program::once(const std::string& name, const std::function<std::string()>& compute) {
  for (const graph::OnceValue& known : settings_.once) {
    if (known.name == name) {
      refuse("once() is called twice with the name '" + name + "'");
      return known.bytes;
    }
  }
  std::string bytes;
  if (role_ == Role::kWorker) {
    const auto& submitted = workerStart().submitted.graph->once;
    const auto found = std::find_if(
        submitted.begin(), submitted.end(), [&](const auto& one) { return one.name == name; });
    if (found == submitted.end()) {
      runWorker(Error(
          ErrorCode::kInvalidArgument,
          "the program asks for once(\"" + name + "\") here, which it did not do at submission"));
    }
    bytes = found->bytes;
  } else {
    bytes = compute();
  }
  settings_.once.push_back({name, bytes});
  return bytes;
}

Result<graph::ProgramGraph> Program::build(const std::string& job_name) {
  g_looked_at = true;
  if (role_ == Role::kLocal) {
    g_watchdog.reset();
  }
  if (!errors_.empty()) {
    return Error(ErrorCode::kInvalidArgument, escaped(errors_.front()));
  }
  if (settings_.checkpoints.unaligned &&
      settings_.checkpoints.mode == graph::CheckpointingMode::kAtLeastOnce) {
    return Error(ErrorCode::kInvalidArgument,
                 "unaligned checkpoints are for CheckpointingMode::kExactlyOnce: at least once, a "
                 "barrier holds no channel up that it could overtake")
        .advise(
            "leave enableUnalignedCheckpoints() out, or set "
            "execution.checkpointing.unaligned.enabled: false");
  }
  graph::StreamGraph::Settings settings = settings_;
  settings.job_name = job_name.empty() ? kUnnamed : job_name;
  auto translated = graph_.translate(settings);
  if (!translated.has_value()) {  // Names of the program may hold line breaks.
    const Error& why = translated.error();
    return Error(why.code(), escaped(why.message())).advise(escaped(why.advice()));
  }
  if (const auto problem = loopProblem(graph_, translated->graph)) {
    return Error(ErrorCode::kInvalidArgument, escaped(*problem));
  }
  graph::ProgramGraph program = *std::move(translated);
  for (graph::JobOperator& one : program.graph.operators) {
    if (!one.buffer_timeout.has_value()) {
      one.buffer_timeout = buffer_timeout_;
    }
  }
  learnFacts(program.graph);
  return program;
}

void Program::learnFacts(const graph::JobGraph& graph) {
  for (std::size_t i = 0; i < facts_.size(); ++i) {  // Operators stand in the order of nodes.
    facts_[i]->payload = graph.operators[i].payload;
    facts_[i]->max_parallelism = graph.operators[i].max_parallelism;
    facts_[i]->time = time_;
  }
}

Result<graph::ProgramGraph> Program::adopt(Result<graph::ProgramGraph> built) {
  if (!built.has_value()) {
    return built;
  }
  const graph::JobGraph& submitted = workerStart().submitted.graph;
  if (std::string difference = graph::firstDifference(submitted, built->graph);
      !difference.empty()) {
    return Error(ErrorCode::kInvalidArgument, std::move(difference))
        .during("the program builds another graph on the worker than at submission")
        .advise("let the graph depend on arguments and env.once() only");
  }
  for (std::size_t i = 0; i < built->graph.operators.size(); ++i) {
    built->graph.operators[i].payload = submitted.operators[i].payload;
  }
  learnFacts(built->graph);
  return built;
}

void Program::giveUp(const Error& error) const {
  if (role_ == Role::kLocal) {
    throw JobExecutionException(error.text());
  }
  exitWith(error);
}

JobExecutionResult Program::runHere(const std::string& job_name,
                                    Result<graph::ProgramGraph> built) {
  if (!built.has_value()) {
    giveUp(built.error());
  }
  auto result = runLocal(*std::move(built), {configuration_});
  if (!result.has_value()) {
    giveUp(std::move(result).error().during("job '" + escaped(job_name) + "' failed"));
  }
  return *std::move(result);
}

JobExecutionResult Program::execute(const std::string& job_name) {
  if (tested_) {
    throw JobExecutionException("execute() is called (with the name '" + escaped(job_name) +
                                "') by a program whose graph a test runs; leave it out of the "
                                "function that builds the graph, and call it in main()");
  }
  g_watchdog.reset();
  g_executed = true;
  if (std::exchange(executed_, true)) {
    giveUp(Error(ErrorCode::kFailedPrecondition,
                 "execute() is called a second time (with the name '" + escaped(job_name) +
                     "'), but one program is one job")
               .advise("make two programs, or one graph of both"));
  }
  auto built = build(job_name);
  switch (role_) {
    case Role::kGraph: {
      std::fflush(nullptr);
      const Status written = built.has_value() ? writeGraphFrame(program_environment::kGraphFrame,
                                                                 wire::encodeJobGraph(built->graph))
                                               : writeGraphFrame(program_environment::kErrorFrame,
                                                                 built.error().text());
      ::_exit(written.has_value() && built.has_value() ? 0 : 1);
    }
    case Role::kWorker:
      // Handles may be discarded by a later program than the one that made them.
      runWorker(workerStart().discards_handles ? std::move(built) : adopt(std::move(built)));
    case Role::kLocal:
      break;
  }
  return runHere(job_name, std::move(built));
}

std::string Program::plan() {
  const auto built = build(settings_.job_name);
  if (!built.has_value()) {
    giveUp(built.error());
  }
  return graph::planJson(built->graph);
}

}  // namespace weir::api
