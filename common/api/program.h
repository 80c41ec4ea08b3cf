#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/api/job_execution_result.h"
#include "common/api/node.h"
#include "common/base/result.h"
#include "common/functions/operator.h"
#include "common/functions/output_tag.h"
#include "common/functions/time.h"
#include "common/program/stream_graph.h"
#include "common/record/codec.h"

/// The untyped half of the SDK: the graph that environment and streams build together.
namespace weir::api {

/// How this process takes part in the job, as WEIR_MODE says.
enum class Role : std::uint8_t {
  kLocal,   ///< Started by hand: execute() runs the job.
  kGraph,   ///< Started by a client: execute() writes the graph and ends the process.
  kWorker,  ///< Started by a task manager: execute() runs its subtasks and ends the process.
};

/// A program's graph and settings under construction. Shared by the environment and every stream
/// that came from it. The thread of main().
class Program {
 public:
  Program();
  /// Of a test that runs the graph by itself: nothing is taken from the process around it, and
  /// execute() is refused.
  explicit Program(std::uint32_t parallelism);

  Role role() const { return role_; }
  graph::StreamGraph::Settings& settings() { return settings_; }
  TimeSettings& time() { return time_; }
  graph::StreamNode& node(std::uint32_t index) { return graph_.node(index); }
  std::uint32_t add(NodeSpec spec);

  /// Of operators that do not set their own.
  void setBufferTimeout(std::chrono::milliseconds timeout) { buffer_timeout_ = timeout; }
  /// An output tag is used for this type: execute() refuses another one under its name.
  template <typename T>
  void claimTag(const OutputTag<T>& tag) {
    claimTag(tag.id(), &record::kTypeTag<T>);
  }
  /// Notes what is wrong with the program as a whole; execute() refuses with the first.
  void refuse(std::string what);

  /// The bytes that `compute` gave at submission, in every process of the job.
  std::string once(const std::string& name, const std::function<std::string()>& compute);

  /// The graph as it would be submitted, with code that works.
  Result<graph::ProgramGraph> build(const std::string& job_name);
  /// Plays this process's part. Returns in local mode only, and there only when the job went well:
  /// otherwise it throws JobExecutionException there.
  JobExecutionResult execute(const std::string& job_name);
  /// As JSON, for people. A malformed graph ends the process, or throws as execute() does.
  std::string plan();

 private:
  void claimTag(const std::string& id, const void* type);
  [[noreturn]] void giveUp(const Error& error) const;
  void readSurroundings();
  void learnFacts(const graph::JobGraph& graph);
  Result<graph::ProgramGraph> adopt(Result<graph::ProgramGraph> built);
  JobExecutionResult runHere(const std::string& job_name, Result<graph::ProgramGraph> built);

  Role role_;
  bool tested_ = false;
  bool executed_ = false;
  graph::StreamGraph graph_;
  graph::StreamGraph::Settings settings_;
  TimeSettings time_;
  std::vector<std::shared_ptr<NodeFacts>> facts_;  // By node; shared with the factories.
  std::optional<std::chrono::milliseconds> buffer_timeout_;
  std::vector<std::string> errors_;
  std::map<std::string, const void*> tags_;  // Of their types.
  std::map<std::string, std::string> configuration_;
};

/// Ends the process with status 1: the client or the task manager that started it is told the
/// error, else it is printed as `weir: <error>`.
[[noreturn]] void exitWith(const Error& error);

}  // namespace weir::api
