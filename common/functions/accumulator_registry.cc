#include "common/functions/accumulator_registry.h"

#include <utility>

namespace weir::functions {

namespace {

Error tooLarge(const std::string& name, std::uint64_t bytes, std::uint64_t most) {
  return Error(ErrorCode::kResourceExhausted,
               "the accumulators of one task hold " + std::to_string(bytes) + " bytes with '" +
                   name + "', more than the " + std::to_string(most) +
                   " that taskmanager.worker.max-accumulator-size allows")
      .advise("add fewer of them, or raise it");
}

}  // namespace

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
      return accumulatorTypeClash(name, type, accumulator.type());
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

}  // namespace weir::functions
