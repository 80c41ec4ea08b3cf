#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "common/api/program.h"
#include "common/functions/assigner_operator.h"
#include "common/functions/function_operator.h"
#include "common/functions/keyed_functions.h"
#include "common/functions/source_operator.h"
#include "common/functions/stream_operators.h"
#include "common/record/serializer.h"

/// From a user's function to a node of the graph.
namespace weir::api {

/// The node of an operator that runs a function; `keyed` has the key's schema, or is null.
graph::StreamNode makeNode(std::string kind, std::string name);
/// Adds the states that `owner` declares. On a stream without key each of them is an error of the
/// node.
void declareStates(graph::StreamNode& node, const StateOwner& owner, const record::Schema* key);
/// A state of an operator, rather than of its function.
void declareKeyedState(graph::StreamNode& node,
                       std::string_view name,
                       state::StateKind kind,
                       record::Schema key,
                       record::Schema schema);
/// Notes what is wrong with the node; nothing where the text is empty.
void noteProblem(graph::StreamNode& node, const std::string& problem);
void declareOperatorState(graph::StreamNode& node, const state::StateInfo& info);
/// An operator with one input, of which nothing else is said yet.
NodeSpec specAfter(const std::vector<StreamInput>& inputs,
                   std::string_view kind,
                   std::string_view name);
/// The same producers, partitioned otherwise.
std::vector<StreamInput> rerouted(std::vector<StreamInput> inputs,
                                  graph::Partitioning partitioning,
                                  const WriterMaker& writers);
/// Adds the timers of a function on a stream with this key.
void declareTimers(graph::StreamNode& node, const record::Schema& key);
/// A path that is none which all processes understand alike is an error of the node.
void declareInput(graph::StreamNode& node, const std::string& path);
void declareOutput(graph::StreamNode& node, const std::string& path);

/// A function of ours around a user's function.
template <typename F>
concept IsWrapping = requires(const F& function) {
  []<typename Wrapped>(const functions::WrappingFunction<Wrapped>&) {}(function);
};

/// Whether all state that F can have on a stream with this key is known before it runs: state is
/// asked for late only in an open() of F's own.
template <typename F, typename Key>
consteval bool declaresAllStates() {
  if constexpr (std::is_same_v<Key, functions::NoKey> || !std::is_base_of_v<RichFunction, F>) {
    return true;
  } else {  // An open() that cannot be named, as a private one, counts as F's own.
    return requires {
      requires std::is_same_v<decltype(&F::open), void (RichFunction::*)(RuntimeContext&)>;
    };
  }
}

/// Notes on the node what is known of F's state and files before it runs.
template <typename F, typename Key>
void describeFunction(graph::StreamNode& node, const F& function) {
  node.all_states_declared = declaresAllStates<F, Key>() || !functions::programAsksForState();
  if constexpr (std::is_base_of_v<StateOwner, F>) {
    if constexpr (std::is_same_v<Key, functions::NoKey>) {
      declareStates(node, function, nullptr);
    } else {
      const record::Schema key = record::schemaOf<Key>();
      declareStates(node, function, &key);
      if constexpr (IsWrapping<F>) {
        describeFunction<std::decay_t<decltype(function.wrapped())>, Key>(node, function.wrapped());
      }
    }
  }
  if constexpr (!std::is_same_v<Key, functions::NoKey> && functions::kHasTimers<F>) {
    declareTimers(node, record::schemaOf<Key>());
  }
  if constexpr (requires { function.outputPath(); }) {
    declareOutput(node, function.outputPath());
  }
  if constexpr (requires { function.inputPaths(); }) {
    for (const std::string& path : function.inputPaths()) {
      declareInput(node, path);
    }
  }
  if constexpr (functions::IsCheckpointed<F>) {
    using S = functions::CheckpointedState<F>;
    declareOperatorState(node, state::operatorInfo<S>());
    node.fixed_parallelism_state = true;
    if constexpr (std::is_base_of_v<StateHandle, S>) {
      node.custom_handles = true;
      node.handle_reader = [](std::string_view bytes,
                              const record::Schema& written) -> Result<std::function<void()>> {
        WEIR_TRY(S handle, state::decodeElement<S>(bytes, written));
        return std::function<void()>(
            [handle = std::make_shared<S>(std::move(handle))] { handle->discardState(); });
      };
    }
  }
  if constexpr (functions::IsListCheckpointed<F>) {
    declareOperatorState(node,
                         state::operatorListInfo<functions::CheckpointedElement<F>>(
                             state::kCheckpointedName, function.listMode()));
  }
}

/// Whether a function can be copied; that it cannot is an error of the compiler.
template <typename F>
consteval bool checkFunction() {
  static_assert(std::is_copy_constructible_v<F>,
                "a function is copied once per subtask: give it a copy constructor (hold what "
                "cannot be copied in a std::shared_ptr, or make it in open())");
  return std::is_copy_constructible_v<F>;
}
/// The same of records.
template <typename T>
consteval bool checkRecord() {
  if constexpr (!record::checkSerializable<T>()) {
    return false;
  } else {
    static_assert(std::is_copy_constructible_v<T>,
                  "a record is copied where its stream forks: give its type a copy constructor");
    return std::is_copy_constructible_v<T>;
  }
}

/// Whether F is a function of process() on a stream of T with this key; that it is not is an error
/// of the compiler.
template <typename F, typename T, typename Key, typename Out>
consteval bool checkProcess() {
  if constexpr (functions::Implements<F, KeyedProcessFunction>) {
    constexpr bool kHasKey = !std::is_same_v<Key, functions::NoKey>;
    static_assert(kHasKey,
                  "a KeyedProcessFunction takes a stream with keys: put keyBy() before process()");
    constexpr bool kFits = functions::ProcessesKeyed<F, Key, T>;
    static_assert(kFits || !kHasKey,
                  "process() takes a KeyedProcessFunction<K, T, Out> with the types of this "
                  "stream's keys and records as K and T");
    return kHasKey && kFits;
  } else {
    static_assert(functions::Processes<F, T, Out>,
                  "process() takes a ProcessFunction<T, Out> or a callable (const T&, "
                  "ProcessContext&, Collector<Out>&), where T is the type of this stream's "
                  "records; name the type, process<Out>(f), where the collector is auto&");
    return functions::Processes<F, T, Out>;
  }
}

/// The node of a source.
template <typename Out, typename F>
NodeSpec sourceSpec(std::string kind, std::string name, F function) {
  NodeSpec spec;
  spec.node = makeNode(std::move(kind), std::move(name));
  spec.node.chaining = graph::Chaining::kHead;
  describeFunction<F, functions::NoKey>(spec.node, function);
  spec.makeBy([function = std::move(function)](const NodeFacts& facts) -> functions::Operator* {
    return new functions::SourceOperator<F, Out>(function, facts.time);
  });
  return spec;
}

/// The node of an operator with one input.
template <typename Step, typename In, typename Out, typename Key, typename F, typename Selector>
NodeSpec oneInputSpec(std::string_view kind,
                      std::string_view name,
                      F function,
                      Selector selector,
                      const std::vector<StreamInput>& inputs) {
  NodeSpec spec = specAfter(inputs, kind, name);
  describeFunction<F, Key>(spec.node, function);
  spec.makeBy([function = std::move(function),
               selector = std::move(selector)](const NodeFacts& /*facts*/) -> functions::Operator* {
    return new functions::OneInputOperator<Step, F, In, Out, Key, Selector>(function, selector);
  });
  return spec;
}

/// The node that gives records timestamps, and their stream watermarks.
template <typename T, typename A>
NodeSpec assignerSpec(A assigner, const std::vector<StreamInput>& inputs) {
  NodeSpec spec = specAfter(inputs, "assignTimestamps", "Timestamps/Watermarks");
  describeFunction<A, functions::NoKey>(spec.node, assigner);
  if constexpr (functions::IsStrategy<A, T>) {
    noteProblem(spec.node, assigner.problem());
  }
  spec.makeBy([assigner = std::move(assigner)](const NodeFacts& facts) -> functions::Operator* {
    return new functions::AssignerOperator<A, T>(assigner, facts.time);
  });
  return spec;
}

}  // namespace weir::api
