#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "common/schema/state_kinds.h"
#include "common/state/state_error.h"

namespace weir {

namespace state {

class KeyedBackend;
class StateRegistry;

/// What a declared state is to its function's operator: something with a name, a kind and a schema,
/// to be bound to a backend before open().
class DeclaredState {
 public:
  DeclaredState() = default;  ///< Belongs to no function.
  /// A copy made while the owner is copied belongs to the new owner; any other copy to nobody.
  DeclaredState(const DeclaredState& other);
  /// As a copy while the owner is copied; else takes the place of `other` with its owner.
  DeclaredState(DeclaredState&& other) noexcept;
  /// Keeps its own owner.
  DeclaredState& operator=(const DeclaredState& other);
  virtual ~DeclaredState();

  virtual StateInfo info() const = 0;
  /// What is wrong with how it was declared; empty: nothing.
  virtual std::string problem() const { return {}; }
  /// Finds or makes the state's cells. `backend` outlives every use of the state.
  virtual Status bind(KeyedBackend& backend) = 0;

 protected:
  explicit DeclaredState(const std::shared_ptr<StateRegistry>& owner);

 private:
  std::shared_ptr<StateRegistry> registry_;  // Shared with the owner and its other states.
  std::size_t place_ = 0;                    // In the registry.
};

/// The states of one function object, by place; a place is the same in every copy of the function.
/// Filled by DeclaredState. Belongs to the thread of its function.
class StateRegistry {
 public:
  std::size_t add(DeclaredState* state);
  /// Takes `state` in at a place that is still free.
  bool addAt(std::size_t place, DeclaredState* state);
  void remove(std::size_t place);
  void replace(std::size_t place, DeclaredState* state) { states_[place] = state; }
  const std::vector<DeclaredState*>& states() const { return states_; }

  /// Where the states of this registry's function go when they are copied.
  void setCopyTarget(const std::shared_ptr<StateRegistry>& target) { copy_target_ = target; }
  std::shared_ptr<StateRegistry> copyTarget() const { return copy_target_.lock(); }

 private:
  std::vector<DeclaredState*> states_;  // Null where one was destroyed.
  std::vector<bool> taken_;             // Places that have had a state: each is copied once.
  std::weak_ptr<StateRegistry> copy_target_;
};

/// One declared state of a function, for the job graph and for binding.
struct StateDeclaration {
  StateInfo info;
  DeclaredState* state = nullptr;  ///< Lives as long as the function.
};

}  // namespace state

/// Base of every function that may declare state as members: it knows what was declared.
///
/// Copying the function copies its states, and they belong to the copy. Copies of one object must
/// not be made by two threads at once (whoever hands functions to subtasks holds a lock meanwhile).
class StateOwner {
 public:
  StateOwner() : registry_(std::make_shared<state::StateRegistry>()) {}
  StateOwner(const StateOwner& other) : StateOwner() { other.registry_->setCopyTarget(registry_); }
  /// States are not moved: they are copied, and cost no more.
  StateOwner(StateOwner&& other) noexcept
      : StateOwner(static_cast<const StateOwner&>(other)) {}  // NOLINT
  /// Each object keeps its own states; their descriptions are assigned.
  StateOwner& operator=(const StateOwner& /*other*/) { return *this; }  // NOLINT
  virtual ~StateOwner() = default;

  /// The states declared as members, in order of declaration.
  std::vector<state::StateDeclaration> declarations() const;
  /// kInvalidArgument when two states have one name, or one has none.
  Status checkDeclarations() const;
  /// Binds every declared state; before open().
  Status bindStates(state::KeyedBackend& backend);

  /// For the constructors of states.
  const std::shared_ptr<state::StateRegistry>& stateRegistry() const { return registry_; }

 private:
  std::shared_ptr<state::StateRegistry> registry_;  // Shared with our states.
};

}  // namespace weir
