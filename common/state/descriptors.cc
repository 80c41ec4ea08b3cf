#include "common/state/descriptors.h"

#include <utility>

namespace weir::state {

Described::Described(std::string state_name) : name(std::move(state_name)) {}
Described::Described(const Described& other) = default;
Described::Described(Described&& other) noexcept = default;
Described& Described::operator=(const Described& other) = default;
Described& Described::operator=(Described&& other) noexcept = default;
Described::~Described() = default;

StateInfo Described::info(StateKind kind, record::Schema schema) const {
  return {name, kind, ListMode::kNone, std::move(schema), former_names};
}

}  // namespace weir::state
