#include "common/api/node_spec.h"

#include "common/connector/paths.h"

namespace weir::api {

graph::StreamNode makeNode(std::string kind, std::string name) {
  graph::StreamNode node;
  node.kind = std::move(kind);
  node.name = std::move(name);
  return node;
}

NodeSpec specAfter(const std::vector<StreamInput>& inputs,
                   std::string_view kind,
                   std::string_view name) {
  NodeSpec spec;
  spec.node = makeNode(std::string(kind), std::string(name));
  spec.inputs.push_back(inputs);
  return spec;
}

void declareStates(graph::StreamNode& node, const StateOwner& owner, const record::Schema* key) {
  const Status checked = owner.checkDeclarations();
  if (!checked.has_value()) {
    node.errors.push_back(checked.error().text());
    return;
  }
  for (const state::StateDeclaration& declared : owner.declarations()) {
    if (key == nullptr) {
      node.errors.push_back("its function declares keyed state '" + declared.info.name +
                            "', but the stream has no key: put keyBy() before it");
      continue;
    }
    node.states.push_back({declared.info.name,
                           declared.info.kind,
                           *key,
                           declared.info.schema,
                           declared.info.former_names});
    node.stateful = true;
  }
}

void declareKeyedState(graph::StreamNode& node,
                       std::string_view name,
                       state::StateKind kind,
                       record::Schema key,
                       record::Schema schema) {
  node.states.push_back({std::string(name), kind, std::move(key), std::move(schema)});
}

void noteProblem(graph::StreamNode& node, const std::string& problem) {
  if (!problem.empty()) {
    node.errors.push_back(problem);
  }
}

void declareTimers(graph::StreamNode& node, const record::Schema& key) {
  for (const char* name : {functions::kEventTimers, functions::kProcessingTimers}) {
    node.states.push_back(
        {name, state::StateKind::kTimer, key, record::schemaOf<state::TimerTimes>(), {}});
  }
  node.stateful = true;
}

void declareInput(graph::StreamNode& node, const std::string& path) {
  if (const auto local = connector::declaredPath(path); !local.has_value()) {
    node.errors.push_back(local.error().text());
  }
}

void declareOutput(graph::StreamNode& node, const std::string& path) {
  auto local = connector::declaredPath(path);
  if (local.has_value()) {
    node.output_path = *std::move(local);
  } else {
    node.errors.push_back(local.error().text());
  }
}

std::vector<StreamInput> rerouted(std::vector<StreamInput> inputs,
                                  graph::Partitioning partitioning,
                                  const WriterMaker& writers) {
  for (StreamInput& input : inputs) {
    input.partitioning = partitioning;
    input.make_writer = writers;
  }
  return inputs;
}

void declareOperatorState(graph::StreamNode& node, const state::StateInfo& info) {
  node.states.push_back({info.name, info.kind, {}, info.schema});
  node.stateful = true;
}

}  // namespace weir::api
