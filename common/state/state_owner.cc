#include "common/state/state_owner.h"

#include "common/state/keyed_state.h"

namespace weir {

namespace state {

DeclaredState::DeclaredState(const std::shared_ptr<StateRegistry>& owner)
    : registry_(owner), place_(owner->add(this)) {}

DeclaredState::DeclaredState(const DeclaredState& other) {
  if (other.registry_ == nullptr) {
    return;
  }
  const std::shared_ptr<StateRegistry> target = other.registry_->copyTarget();
  if (target != nullptr && target->addAt(other.place_, this)) {
    registry_ = target;
    place_ = other.place_;
  }
}

DeclaredState::DeclaredState(DeclaredState&& other) noexcept
    : DeclaredState(static_cast<const DeclaredState&>(other)) {
  if (registry_ == nullptr && other.registry_ != nullptr &&
      other.registry_->copyTarget() == nullptr) {
    registry_ = std::move(other.registry_);
    place_ = other.place_;
    registry_->replace(place_, this);
  }
}

DeclaredState& DeclaredState::operator=(const DeclaredState& /*other*/) {  // NOLINT
  return *this;
}

DeclaredState::~DeclaredState() {
  if (registry_ != nullptr) {
    registry_->remove(place_);
  }
}

std::size_t StateRegistry::add(DeclaredState* state) {
  states_.push_back(state);
  taken_.push_back(true);
  return states_.size() - 1;
}

bool StateRegistry::addAt(std::size_t place, DeclaredState* state) {
  if (states_.size() <= place) {
    states_.resize(place + 1);
    taken_.resize(place + 1);
  }
  if (taken_[place]) {
    return false;
  }
  taken_[place] = true;
  states_[place] = state;
  return true;
}

void StateRegistry::remove(std::size_t place) { states_[place] = nullptr; }

void throwNoKey(const std::string& name, bool bound) {
  if (bound) {
    throw StateError("state '" + name +
                     "' was used without a key: keyed state speaks of the record at hand, and is "
                     "used from the function that handles one");
  }
  throw StateError("state '" + name +
                   "' has no backend: keyed state is used after open(), and only in functions that "
                   "run on a keyed stream (keyBy)");
}

}  // namespace state

std::vector<state::StateDeclaration> StateOwner::declarations() const {
  std::vector<state::StateDeclaration> all;
  for (state::DeclaredState* declared : registry_->states()) {
    if (declared != nullptr) {
      all.push_back({declared->info(), declared});
    }
  }
  return all;
}

Status StateOwner::checkDeclarations() const {
  std::vector<std::string> names;
  for (const state::StateDeclaration& declaration : declarations()) {
    const std::string& name = declaration.info.name;
    if (name.empty()) {
      return Error(ErrorCode::kInvalidArgument, "a state of the function has an empty name");
    }
    if (const std::string problem = declaration.state->problem(); !problem.empty()) {
      return Error(ErrorCode::kInvalidArgument, "state '" + name + "': " + problem);
    }
    for (const std::string& other : names) {
      if (other == name) {
        return Error(ErrorCode::kInvalidArgument,
                     "two states of the function are called '" + name + "'")
            .advise("give each its own name");
      }
    }
    names.push_back(name);
  }
  return ok();
}

Status StateOwner::bindStates(state::KeyedBackend& backend) {
  for (state::DeclaredState* declared : registry_->states()) {
    if (declared != nullptr) {
      WEIR_RETURN_IF_ERROR(declared->bind(backend));
    }
  }
  return ok();
}

}  // namespace weir
