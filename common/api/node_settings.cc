#include "common/api/node_settings.h"

namespace weir::api {

namespace {

void refuse(graph::StreamNode& node, std::string what) { node.errors.push_back(std::move(what)); }

}  // namespace

void setUid(Program& program, std::uint32_t node, const std::string& uid) {
  program.node(node).uid = uid;
}

void setName(Program& program, std::uint32_t node, const std::string& name) {
  program.node(node).name = name;
}

void setParallelism(Program& program, std::uint32_t node, int parallelism) {
  graph::StreamNode& changed = program.node(node);
  if (parallelism < 1) {
    return refuse(changed, "setParallelism(" + std::to_string(parallelism) + "): at least 1");
  }
  changed.parallelism = static_cast<std::uint32_t>(parallelism);
}

void setMaxParallelism(Program& program, std::uint32_t node, int max_parallelism) {
  graph::StreamNode& changed = program.node(node);
  if (max_parallelism < 1 || max_parallelism > 32768) {
    return refuse(changed,
                  "setMaxParallelism(" + std::to_string(max_parallelism) + "): from 1 to 32768");
  }
  changed.max_parallelism = static_cast<std::uint32_t>(max_parallelism);
}

void setChaining(Program& program, std::uint32_t node, graph::Chaining chaining) {
  program.node(node).chaining = chaining;
}

void setSlotSharingGroup(Program& program, std::uint32_t node, const std::string& group) {
  program.node(node).slot_sharing_group = group;
}

void setBufferTimeout(Program& program, std::uint32_t node, Milliseconds timeout) {
  graph::StreamNode& changed = program.node(node);
  if (timeout.value().count() < -1) {
    return refuse(changed, "setBufferTimeout(): at least -1, which means never");
  }
  changed.buffer_timeout = timeout.value();
}

void becomeSelect(Program& program, std::uint32_t node) {
  graph::StreamNode& changed = program.node(node);
  changed.kind = "select";
  changed.name = "Select";
  if (changed.inputs.size() == 1) {
    const graph::StreamNode& input = program.node(changed.inputs.front().source);
    changed.parallelism = input.non_parallel ? 1 : input.parallelism;
  }
}

NodeOfProgram::NodeOfProgram(std::shared_ptr<Program> program, std::uint32_t node)
    : program_(std::move(program)), node_(node) {}
NodeOfProgram::NodeOfProgram(const NodeOfProgram& other) = default;
NodeOfProgram::NodeOfProgram(NodeOfProgram&& other) noexcept = default;
NodeOfProgram& NodeOfProgram::operator=(const NodeOfProgram& other) = default;
NodeOfProgram& NodeOfProgram::operator=(NodeOfProgram&& other) noexcept = default;
NodeOfProgram::~NodeOfProgram() = default;

}  // namespace weir::api
