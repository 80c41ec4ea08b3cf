#include "common/functions/accumulators.h"

#include <charconv>
#include <cmath>
#include <memory>
#include <utility>

#include "common/record/bytes.h"

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

Error typeClash(const std::string& name, std::string_view first, std::string_view second) {
  return {ErrorCode::kInvalidArgument,
          "accumulator '" + name + "' is of type " + std::string(first) + " and of type " +
              std::string(second) + " at once; give one of them another name"};
}

Error tooLarge(const std::string& name, std::uint64_t bytes, std::uint64_t most) {
  return Error(ErrorCode::kResourceExhausted,
               "the accumulators of one task hold " + std::to_string(bytes) + " bytes with '" +
                   name + "', more than the " + std::to_string(most) +
                   " that taskmanager.worker.max-accumulator-size allows")
      .advise("add fewer of them, or raise it");
}

}  // namespace

Status mergeAccumulator(EncodedAccumulator& into, const EncodedAccumulator& other) {
  if (into.type != other.type) {
    return typeClash(into.name, into.type, other.type);
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

Status AccumulatorRegistry::add(const std::string& name, const Accumulator& accumulator) {
  if (name.size() > kMostNameBytes) {
    constexpr std::size_t kShown = 40;
    return Error(ErrorCode::kInvalidArgument,
                 "the name of accumulator '" + name.substr(0, kShown) + "...' has " +
                     std::to_string(name.size()) + " bytes, more than " +
                     std::to_string(kMostNameBytes))
        .advise("give it a shorter one");
  }
  const auto known = live_.find(name);
  if (known != live_.end()) {
    if (known->second.contains(&accumulator)) {
      return ok();
    }
    if (const std::string_view type = (*known->second.begin())->type();
        type != accumulator.type()) {
      return typeClash(name, type, accumulator.type());
    }
  }
  const std::uint64_t bytes = name.size() + accumulator.type().size() + accumulator.encode().size();
  if (bytes_ + bytes > most_bytes_) {
    return tooLarge(name, bytes_ + bytes, most_bytes_);
  }
  bytes_ += bytes;
  live_[name].insert(&accumulator);
  return ok();
}

std::vector<EncodedAccumulator> AccumulatorRegistry::values() const {
  std::map<std::string, EncodedAccumulator> merged = frozen_;
  for (const auto& [name, accumulators] : live_) {
    for (const Accumulator* one : accumulators) {
      EncodedAccumulator value{name, std::string(one->type()), one->encode()};
      const auto [entry, is_new] = merged.try_emplace(name, value);
      if (!is_new) {
        (void)mergeAccumulator(entry->second, value).has_value();  // add() has refused others.
      }
    }
  }
  std::vector<EncodedAccumulator> values;
  values.reserve(merged.size());
  for (auto& [name, value] : merged) {
    values.push_back(std::move(value));
  }
  return values;
}

void AccumulatorRegistry::freeze() {
  for (EncodedAccumulator& value : values()) {
    const std::string name = value.name;
    frozen_.insert_or_assign(name, std::move(value));
  }
  live_.clear();
}

}  // namespace functions
}  // namespace weir
