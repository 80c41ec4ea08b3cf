#include "common/functions/runtime_context.h"

#include <stdexcept>

#include "common/functions/checkpointed.h"

namespace weir {

bool& functions::programAsksForState() {
  static bool asks = false;  // Set while the program's statics are initialized, read afterwards.
  return asks;
}

MetricCounter& MetricGroup::counter(std::string_view name) {
  for (MetricCounter& known : counters_) {
    if (known.name() == name) {
      return known;
    }
  }
  return counters_.emplace_back(std::string(name));
}

void RuntimeContext::addAccumulator(const std::string& name, Accumulator& accumulator) {
  const Status added = accumulators_->add(name, accumulator);
  if (!added.has_value() && added.error().code() == ErrorCode::kResourceExhausted) {
    throw UnrecoverableError(added.error().text());
  }
  if (!added.has_value()) {
    throw std::invalid_argument(added.error().text());
  }
}

void RuntimeContext::bind(state::DeclaredState& state) {
  if (backend_ == nullptr) {
    throw state::StateError("operator '" + task_->operator_name + "' asks for keyed state '" +
                            state.info().name +
                            "', but its stream has no key: put keyBy() before it");
  }
  const Status bound = state.bind(*backend_);
  if (!bound.has_value()) {
    throw state::StateMismatchError("operator '" + task_->operator_name +
                                    "': " + bound.error().text());
  }
}

void RuntimeContext::bindStates(StateOwner& owner) {
  for (const state::StateDeclaration& declared : owner.declarations()) {
    bind(*declared.state);
  }
}

}  // namespace weir
