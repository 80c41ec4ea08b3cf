#include "taskmanager/worker/task/in_flight_check.h"

#include <algorithm>

#include "common/snapshot/in_flight.h"
#include "taskmanager/worker/task/in_flight_restore.h"

namespace weir::worker {

void InFlightCheck::check(const state::SectionReader& section,
                          const runtime::OperatorRestoreOrder& order,
                          state::CheckListener& listener) {
  for (std::size_t i = 0; i < section.states().size(); ++i) {
    const state::StateSummary& state = section.states()[i];
    if (state.kind != state::StateKind::kInFlight ||
        std::ranges::find(order.dropped, state.name) != order.dropped.end() ||
        !told_.emplace(order.id, state.name).second) {
      continue;
    }
    const graph::JobEdge* edge = snapshot::edgeOfInFlight(graph_, order.id, state.name);
    if (edge == nullptr) {
      continue;  // Nothing is restored of it: that is said where states are matched.
    }
    listener.attempt(state::CheckPhase::kRead, state.name, [&]() -> Status {
      WEIR_TRY(const auto records, decodeInFlight(section, i));
      return fitsInFlight(
          records.edge, graph_, code_, static_cast<std::uint32_t>(edge - graph_.edges.data()));
    });
  }
}

}  // namespace weir::worker
