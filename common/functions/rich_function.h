#pragma once

#include "common/functions/functions.h"
#include "common/functions/runtime_context.h"
#include "common/functions/source_function.h"
#include "common/state/state_owner.h"

namespace weir {

/// A function with a life: it is opened before its first record, closed at its end, and may declare
/// keyed state as members. Every call comes on its subtask's thread.
class RichFunction : public StateOwner {
 public:
  /// After restoreState(), before the first record of each attempt. The context stays valid until
  /// close() has returned.
  virtual void open(RuntimeContext& /*context*/) {}
  /// The input has ended; nothing but close() (and checkpoints) follows.
  virtual void endInput() {}
  /// On finish, cancel and failure alike.
  virtual void close() {}
};

template <typename In, typename Out>
class RichMapFunction : public MapFunction<In, Out>, public RichFunction {};
template <typename In, typename Out>
class RichFlatMapFunction : public FlatMapFunction<In, Out>, public RichFunction {};
template <typename T>
class RichFilterFunction : public FilterFunction<T>, public RichFunction {};
template <typename T>
class RichReduceFunction : public ReduceFunction<T>, public RichFunction {};
template <typename T, typename Acc>
class RichFoldFunction : public FoldFunction<T, Acc>, public RichFunction {};
template <typename In, typename Out>
class RichProcessFunction : public ProcessFunction<In, Out>, public RichFunction {};
template <typename T>
class RichSinkFunction : public SinkFunction<T>, public RichFunction {};
template <typename T>
class RichSourceFunction : public SourceFunction<T>, public RichFunction {};
template <typename In1, typename In2, typename Out>
class RichCoMapFunction : public CoMapFunction<In1, In2, Out>, public RichFunction {};
template <typename In1, typename In2, typename Out>
class RichCoFlatMapFunction : public CoFlatMapFunction<In1, In2, Out>, public RichFunction {};
template <typename In1, typename In2, typename Out>
class RichCoProcessFunction : public CoProcessFunction<In1, In2, Out>, public RichFunction {};

}  // namespace weir
