#include <limits>

#include "common/state/section.h"

namespace weir::state {

Status copyStates(const SectionReader& from, SectionWriter& to) {
  constexpr KeyGroupRange kAll{0, std::numeric_limits<std::uint32_t>::max()};
  for (std::size_t at = 0; at < from.states().size(); ++at) {
    const StateSummary& state = from.states()[at];
    WEIR_RETURN_IF_ERROR(
        to.beginState({state.name, state.kind, state.mode, state.value_schema}, state.key_schema));
    if (isKeyed(state.kind)) {
      WEIR_RETURN_IF_ERROR(from.readKeyed(at, kAll, [&](const SectionReader::Entry& entry) {
        return to.entry(entry.key_group, entry.key, entry.name_space, entry.value);
      }));
    } else {
      WEIR_RETURN_IF_ERROR(
          from.readElements(at, [&](std::string_view element) { return to.element(element); }));
    }
    WEIR_RETURN_IF_ERROR(to.endState());
  }
  return ok();
}

}  // namespace weir::state
