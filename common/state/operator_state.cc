#include "common/state/operator_state.h"

namespace weir::state {

Result<bool> needsMigration(std::string_view state_name,
                            const record::Schema& written,
                            const record::Schema& now) {
  const record::SchemaComparison comparison = record::compareSchemas(written, now);
  if (comparison.match == record::SchemaMatch::kIncompatible) {
    return Error(ErrorCode::kInvalidArgument,
                 "state '" + std::string(state_name) + "' does not fit: " + comparison.sentence +
                     "; the snapshot has " + record::describeSchema(written) +
                     ", this program has " + record::describeSchema(now));
  }
  return comparison.match == record::SchemaMatch::kCompatible;
}

Status writeOperatorState(SectionWriter& to, const OperatorState& state) {
  WEIR_RETURN_IF_ERROR(to.beginState(state.info, state.records));
  for (const std::string& element : state.elements) {
    WEIR_RETURN_IF_ERROR(to.element(element));
  }
  return to.endState();
}

Result<std::vector<OperatorState>> readOperatorStates(const SectionReader& from) {
  std::vector<OperatorState> states;
  for (std::size_t i = 0; i < from.states().size(); ++i) {
    const StateSummary& summary = from.states()[i];
    if (summary.kind == StateKind::kOperator || summary.kind == StateKind::kOperatorList) {
      WEIR_TRY(auto elements, from.readElements(i));
      states.push_back(
          {{summary.name, summary.kind, summary.mode, summary.value_schema}, std::move(elements)});
    }
  }
  return states;
}

}  // namespace weir::state
