#pragma once

#include <cstdint>
#include <utility>

#include "common/api/windowed_stream.h"
#include "common/windows/timed_windows.h"

/// The ways from a stream to its windows.
namespace weir {

template <typename T, typename K, typename S>
template <typename A>
auto KeyedStream<T, K, S>::window(A assigner) const {
  return api::windowedBy(*this, std::move(assigner));
}
template <typename T, typename K, typename S>
auto KeyedStream<T, K, S>::timeWindow(Time size) const {
  return window(windows::TumblingWindows(api::goesByEventTime(*this->program()), size));
}
template <typename T, typename K, typename S>
auto KeyedStream<T, K, S>::timeWindow(Time size, Time slide) const {
  return window(windows::SlidingWindows(api::goesByEventTime(*this->program()), size, slide));
}
template <typename T, typename K, typename S>
auto KeyedStream<T, K, S>::countWindow(std::int64_t size) const {
  return window(GlobalWindows::create())
      .trigger(PurgingTrigger::of(CountTrigger::of(size, "countWindow()")));
}
template <typename T, typename K, typename S>
auto KeyedStream<T, K, S>::countWindow(std::int64_t size, std::int64_t slide) const {
  return window(GlobalWindows::create())
      .trigger(CountTrigger::of(slide, "the slide of countWindow()"))
      .evictor(CountEvictor::of(size));
}

template <typename T>
template <typename A>
auto DataStream<T>::windowAll(A assigner) const {
  return api::windowedBy(*this, std::move(assigner));
}
template <typename T>
auto DataStream<T>::timeWindowAll(Time size) const {
  return windowAll(windows::TumblingWindows(api::goesByEventTime(*program()), size));
}
template <typename T>
auto DataStream<T>::timeWindowAll(Time size, Time slide) const {
  return windowAll(windows::SlidingWindows(api::goesByEventTime(*program()), size, slide));
}
template <typename T>
auto DataStream<T>::countWindowAll(std::int64_t size) const {
  return windowAll(GlobalWindows::create())
      .trigger(PurgingTrigger::of(CountTrigger::of(size, "countWindowAll()")));
}
template <typename T>
auto DataStream<T>::countWindowAll(std::int64_t size, std::int64_t slide) const {
  return windowAll(GlobalWindows::create())
      .trigger(CountTrigger::of(slide, "the slide of countWindowAll()"))
      .evictor(CountEvictor::of(size));
}

}  // namespace weir
