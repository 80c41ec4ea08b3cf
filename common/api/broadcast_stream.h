#pragma once

#include <functional>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>

#include "common/api/connected_streams.h"
#include "common/functions/broadcast_operator.h"

namespace weir {

/// A stream whose records go to every subtask of its consumer, which keeps what they say in
/// broadcast state. Connect a stream to it. A handle, as DataStream.
template <typename T>
class BroadcastStream {
 public:
  using Record = T;
  using Declare = std::function<void(functions::BroadcastStates&)>;

  BroadcastStream(DataStream<T> stream, Declare declare)
      : stream_(std::move(stream)), declare_(std::move(declare)) {}
  const DataStream<T>& stream() const { return stream_; }
  const Declare& declare() const { return declare_; }

 private:
  DataStream<T> stream_;
  Declare declare_;  // Adds the states that the descriptors name.
};

/// A stream, with keys or without, and a broadcast one. A handle, as DataStream.
template <typename Stream, typename T>
class ConnectedStreams<Stream, BroadcastStream<T>> {
 public:
  ConnectedStreams(Stream stream, BroadcastStream<T> told)
      : stream_(std::move(stream)), told_(std::move(told)) {}

  /// f: a KeyedBroadcastProcessFunction<K, In1, In2, Out> where the stream has keys, else a
  /// BroadcastProcessFunction<In1, In2, Out>.
  template <typename F>
  auto process(F f) const {
    constexpr bool kFits = fits<F>();
    static_assert(kFits,
                  "process() on a stream that is connected to a broadcast one takes a "
                  "KeyedBroadcastProcessFunction<K, In1, In2, Out> if the stream has keys, else a "
                  "BroadcastProcessFunction<In1, In2, Out>, where In1 and In2 are the types of the "
                  "streams' records, in this order");
    if constexpr (!kFits) {
      return api::Refused{};
    } else if constexpr (api::checkRecord<typename functions::BroadcastTypes<F>::Out>() &&
                         api::checkFunction<F>()) {
      return add(std::move(f));
    } else {
      return api::Refused{};
    }
  }

 private:
  using Key = typename api::KeyOfStream<Stream>::Key;
  using Selector = typename api::KeyOfStream<Stream>::Selector;

  template <typename F>
  static consteval bool fits() {
    using Types = functions::BroadcastTypes<F>;
    if constexpr (std::is_void_v<typename Types::Out>) {
      return false;
    } else {
      return std::is_same_v<typename Types::Key, Key> &&
             std::is_same_v<typename Types::In1, typename Stream::Record> &&
             std::is_same_v<typename Types::In2, T>;
    }
  }

  template <typename F>
  auto add(F f) const {
    api::NodeSpec spec;
    spec.node = api::makeNode("broadcastProcess", "Broadcast Process");
    api::describeFunction<F, Key>(spec.node, f);
    functions::BroadcastStates states;
    told_.declare()(states);
    if (!states.problem().empty()) {
      spec.node.errors.push_back(states.problem());
    }
    for (const state::StateInfo& info : states.infos()) {
      api::declareOperatorState(spec.node, info);
    }
    spec.inputs = {stream_.inputs(), told_.stream().inputs()};
    spec.make_factory =
        [prototype = functions::makePrototype(std::move(f)),
         selector = functions::makePrototype(api::KeyOfStream<Stream>::selector(stream_)),
         declare =
             told_.declare()](const api::SharedFacts& /*facts*/) -> functions::OperatorFactory {
      return [prototype, selector, declare]() -> std::unique_ptr<functions::Operator> {
        return std::make_unique<functions::BroadcastOperator<F, Selector>>(
            prototype->copy(), selector->copy(), declare);
      };
    };
    const auto& program = stream_.program();
    if (told_.stream().program() != program) {
      program->refuse("connect() joins streams of two environments");
    }
    using Out = typename functions::BroadcastTypes<F>::Out;
    return SingleOutputStreamOperator<Out>(program, program->add(std::move(spec)));
  }

  Stream stream_;
  BroadcastStream<T> told_;
};

template <typename T>
template <typename K, typename V, typename... More>
BroadcastStream<T> DataStream<T>::broadcast(const MapStateDescriptor<K, V>& first,
                                            const More&... more) const {
  return BroadcastStream<T>(broadcast(), [first, more...](functions::BroadcastStates& states) {
    states.add(first);
    (states.add(more), ...);
  });
}

}  // namespace weir
