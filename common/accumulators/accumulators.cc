#include "common/accumulators/accumulators.h"

#include <charconv>
#include <cmath>
#include <memory>

#include "common/base/bytes.h"

namespace weir {

namespace {

Error damaged(std::string_view type) {
  return {ErrorCode::kCorruption, "the bytes of an accumulator are no " + std::string(type)};
}

template <typename T>
std::string numberText(T value) {
  if constexpr (std::is_floating_point_v<T>) {
    if (!std::isfinite(value)) {
      return "null";  // JSON knows neither infinity nor NaN.
    }
  }
  char text[64];
  const auto end = std::to_chars(text, text + sizeof text, value);
  return std::string(text, end.ptr);
}

}  // namespace

template <typename T>
std::string Counter<T>::encode() const {
  Writer writer;
  writer.put(value_);
  return writer.str();
}

template <typename T>
Status Counter<T>::decode(std::string_view bytes) {
  Reader reader(bytes);
  value_ = reader.get<T>();
  if (reader.failed() || reader.remaining() != 0) {
    return damaged(type());
  }
  return ok();
}

template <typename T>
std::string Counter<T>::toJson() const {
  return numberText(value_);
}

template class Counter<std::int32_t>;
template class Counter<std::int64_t>;
template class Counter<double>;

void Histogram::merge(const Histogram& other) {
  for (const auto& [value, count] : other.counts_) {
    counts_[value] += count;
  }
}

std::string Histogram::encode() const {
  Writer writer;
  writer.putVarint(counts_.size());
  for (const auto& [value, count] : counts_) {
    writer.put(value);
    writer.put(count);
  }
  return writer.str();
}

Status Histogram::decode(std::string_view bytes) {
  Reader reader(bytes);
  counts_.clear();
  const std::uint64_t size = reader.getVarint();
  for (std::uint64_t i = 0; i < size && !reader.failed(); ++i) {
    const auto value = reader.get<std::int32_t>();
    counts_[value] = reader.get<std::int64_t>();
  }
  if (reader.failed() || reader.remaining() != 0) {
    return damaged(type());
  }
  return ok();
}

std::string Histogram::toJson() const {
  std::string json = "{";
  for (const auto& [value, count] : counts_) {
    json += json.size() > 1 ? ", \"" : "\"";
    json += numberText(value) + "\": " + numberText(count);
  }
  return json + "}";
}

namespace functions {

namespace {

std::unique_ptr<Accumulator> makeAccumulator(std::string_view type) {
  if (type == CounterKind<std::int32_t>::kName) {
    return std::make_unique<IntCounter>();
  }
  if (type == CounterKind<std::int64_t>::kName) {
    return std::make_unique<LongCounter>();
  }
  if (type == CounterKind<double>::kName) {
    return std::make_unique<DoubleCounter>();
  }
  return type == "Histogram" ? std::make_unique<Histogram>() : nullptr;
}

}  // namespace

Error accumulatorTypeClash(const std::string& name,
                           std::string_view first,
                           std::string_view second) {
  return {ErrorCode::kInvalidArgument,
          "accumulator '" + name + "' is of type " + std::string(first) + " and of type " +
              std::string(second) + " at once; give one of them another name"};
}

Status mergeAccumulator(EncodedAccumulator& into, const EncodedAccumulator& other) {
  if (into.type != other.type) {
    return accumulatorTypeClash(into.name, into.type, other.type);
  }
  const auto first = makeAccumulator(into.type);
  const auto second = makeAccumulator(other.type);
  if (first == nullptr) {
    return damaged("known type ('" + into.type + "')");
  }
  WEIR_RETURN_IF_ERROR(first->decode(into.bytes));
  WEIR_RETURN_IF_ERROR(second->decode(other.bytes));
  first->mergeFrom(*second);
  into.bytes = first->encode();
  return ok();
}

std::string accumulatorJson(const EncodedAccumulator& accumulator) {
  const auto value = makeAccumulator(accumulator.type);
  if (value == nullptr || !value->decode(accumulator.bytes).has_value()) {
    return "null";
  }
  return value->toJson();
}

}  // namespace functions
}  // namespace weir
