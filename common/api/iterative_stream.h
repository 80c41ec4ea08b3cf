#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>

#include "common/api/connected_streams.h"
#include "common/functions/iteration_head.h"
#include "common/functions/iteration_tail.h"

namespace weir {

namespace api {

/// The head of an iteration that is being built. Shared by the streams that may close it.
struct Loop {
  std::uint32_t head = 0;  ///< The node.
  std::shared_ptr<functions::FeedbackHub> hub = std::make_shared<functions::FeedbackHub>();
  functions::IterationSettings settings{};
  const void* feedback = nullptr;  ///< The type of what comes back (record::kTypeTag).
  bool closed = false;
};

/// Adds the head, which is an error until it is closed.
std::shared_ptr<Loop> openLoop(Program& program, NodeSpec spec, const Time* max_wait);
/// Notes that the loop is closed with these; what is wrong with that is an error of the head.
void closeLoop(Program& program,
               Loop& loop,
               const std::vector<StreamInput>& feedback,
               const void* type);
/// What comes back and is not yet in has this type now.
void declareFeedback(graph::StreamNode& head, const state::StateInfo& info);

/// The factory of a head; `kApart`: what comes back goes to an output of its own.
template <typename T, typename F, bool kApart>
functions::OperatorFactory headFactory(const Loop& loop) {
  return [hub = loop.hub, settings = loop.settings]() -> std::unique_ptr<functions::Operator> {
    return std::make_unique<functions::IterationHead<T, F, kApart>>(hub, settings);
  };
}

/// Adds the tail behind the feedback stream.
template <typename F>
DataStreamSink closeWith(const std::shared_ptr<Program>& program,
                         Loop& loop,
                         const DataStream<F>& feedback) {
  if (feedback.program() != program) {
    program->refuse("closeWith() takes a stream of the same environment");
  } else {
    closeLoop(*program, loop, feedback.inputs(), &record::kTypeTag<F>);
  }
  NodeSpec spec;
  spec.node = makeNode("iterationTail", "Iteration Tail");
  spec.node.placed_with = loop.head;
  if (const auto& uid = program->node(loop.head).uid) {
    spec.node.uid = *uid + " (feedback)";
  }
  declareFeedback(
      spec.node, state::operatorListInfo<functions::FeedbackElement<F>>(functions::kFeedbackState));
  spec.inputs.push_back(feedback.inputs());
  spec.make_factory = [hub = loop.hub, number = loop.head](const SharedFacts& /*facts*/) {
    return functions::OperatorFactory([hub, number]() -> std::unique_ptr<functions::Operator> {
      return std::make_unique<functions::IterationTail<F>>(hub, number);
    });
  };
  return {program, program->add(std::move(spec))};
}

}  // namespace api

/// The stream that enters an iteration, connected with what comes back, which is of another type.
/// A handle, as DataStream.
template <typename T, typename F>
class ConnectedIterativeStream : public ConnectedStreams<DataStream<T>, DataStream<F>> {
 public:
  ConnectedIterativeStream(DataStream<T> input, DataStream<F> back, std::shared_ptr<api::Loop> loop)
      : ConnectedStreams<DataStream<T>, DataStream<F>>(std::move(input), back),
        back_(std::move(back)),
        loop_(std::move(loop)) {}

  /// As that of IterativeStream.
  template <typename Stream>
  auto closeWith(const Stream& feedback) const {
    constexpr bool kFits = std::is_base_of_v<DataStream<F>, Stream>;
    static_assert(kFits || std::is_same_v<Stream, api::Refused>,
                  "closeWith() takes a stream of the type that withFeedbackType() names");
    if constexpr (kFits) {
      return api::closeWith<F>(back_.program(), *loop_, feedback);
    } else {
      return api::Refused{};
    }
  }

 private:
  DataStream<F> back_;
  std::shared_ptr<api::Loop> loop_;  // Shared with the stream that this was made of.
};

/// The stream at the head of an iteration: what enters it, and what comes back. Build what is to be
/// done with each record on it, and close it with those that go round again:
///
///     auto it = numbers.iterate();
///     auto halves = it.map(halve);
///     it.closeWith(halves.filter(isEven));
///     halves.filter(isOdd).print();
///
/// What is in flight on the way back is in snapshots, and dealt out to the heads anew at another
/// parallelism. The iteration ends when its input has ended and nothing is in flight. A handle, as
/// DataStream.
template <typename T>
class IterativeStream : public SingleOutputStreamOperator<T> {
 public:
  IterativeStream(const std::shared_ptr<api::Program>& program, std::shared_ptr<api::Loop> loop)
      : SingleOutputStreamOperator<T>(program, loop->head), loop_(std::move(loop)) {}

  /// `feedback`, which comes of this stream, goes round again; at any parallelism. Once: join
  /// several with union_(). Not a broadcast one: broadcast behind this stream. Where the head has a
  /// uid, the end has one of it, unless it is given one.
  template <typename Stream>
  auto closeWith(const Stream& feedback) const {
    constexpr bool kFits = std::is_base_of_v<DataStream<T>, Stream>;
    static_assert(
        kFits || std::is_same_v<Stream, api::Refused>,
        "closeWith() takes a stream of the type that the iteration has; another one comes "
        "back with withFeedbackType<F>()");
    if constexpr (kFits) {
      return api::closeWith<T>(this->program(), *loop_, feedback);
    } else {
      return api::Refused{};
    }
  }
  /// What comes back is of type F, and no part of this stream: both are connected.
  template <typename F>
  auto withFeedbackType() const {
    if constexpr (!api::checkRecord<F>()) {
      return api::Refused{};
    } else {
      graph::StreamNode& head = this->program()->node(loop_->head);
      head.factory = api::headFactory<T, F, true>(*loop_);
      loop_->feedback = &record::kTypeTag<F>;
      api::declareFeedback(
          head, state::operatorListInfo<functions::FeedbackElement<F>>(functions::kFeedbackState));
      return ConnectedIterativeStream<T, F>(
          *this,
          DataStream<F>(this->program(), api::streamOf<F>(loop_->head, functions::kFeedbackOutput)),
          loop_);
    }
  }

 private:
  std::shared_ptr<api::Loop> loop_;  // Shared with copies.
};

namespace api {
template <typename T>
IterativeStream<T> iterate(const DataStream<T>& stream, const Time* max_wait) {
  NodeSpec spec;
  spec.node = makeNode("iterationHead", "Iteration Head");
  declareFeedback(
      spec.node, state::operatorListInfo<functions::FeedbackElement<T>>(functions::kFeedbackState));
  spec.inputs.push_back(stream.inputs());
  const auto loop = openLoop(*stream.program(), std::move(spec), max_wait);
  loop->feedback = &record::kTypeTag<T>;
  stream.program()->node(loop->head).factory = headFactory<T, T, false>(*loop);
  return IterativeStream<T>(stream.program(), loop);
}
}  // namespace api

template <typename T>
auto DataStream<T>::iterate() const {
  return api::iterate(*this, nullptr);
}
template <typename T>
auto DataStream<T>::iterate(const Time& max_wait) const {
  return api::iterate(*this, &max_wait);
}

}  // namespace weir
