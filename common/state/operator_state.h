#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/record/content_hash.h"
#include "common/record/rewrites.h"
#include "common/record/serializer.h"
#include "common/state/section.h"

namespace weir::state {

/// The name under which the state of Checkpointed<S> and ListCheckpointed<S> is stored.
inline constexpr std::string_view kCheckpointedName = "checkpointed";

template <typename S>
StateInfo operatorInfo(std::string_view name = kCheckpointedName) {
  return {std::string(name), StateKind::kOperator, ListMode::kNone, record::schemaOf<S>()};
}
template <typename S>
StateInfo operatorListInfo(std::string_view name = kCheckpointedName,
                           ListMode mode = ListMode::kSplit) {
  return {std::string(name), StateKind::kOperatorList, mode, record::schemaOf<S>()};
}

/// One operator state as it travels between function and snapshot: one element for kOperator, any
/// number for kOperatorList. A plain value; encoded on the subtask's thread, written on another.
struct OperatorState {
  StateInfo info;
  std::vector<std::string> elements;
  record::Schema records{};  ///< kInFlight: of a record in it.
};

template <typename S>
std::string encodeElement(const S& value) {
  Writer to;
  record::write<S>(value, to);
  return to.str();
}

/// Reads an element written under the schema `written`.
/// Errors: kInvalidArgument, old and new side by side, when S does not fit; kCorruption.
template <typename S>
Result<S> decodeElement(std::string_view bytes, const record::Schema& written);

/// kInvalidArgument, naming the state and both schemas, when `current` cannot read `written`;
/// otherwise whether bytes are to be migrated.
Result<bool> needsMigration(std::string_view state_name,
                            const record::Schema& written,
                            const record::Schema& current);

Status writeOperatorState(SectionWriter& to, const OperatorState& state);
/// All states of kinds kOperator and kOperatorList in a section.
Result<std::vector<OperatorState>> readOperatorStates(const SectionReader& from);

template <typename S>
Result<S> decodeElement(std::string_view bytes, const record::Schema& written) {
  const record::Schema current = record::schemaOf<S>();
  WEIR_TRY(const bool migrate, needsMigration(kCheckpointedName, written, current));
  Reader from(bytes);
  S value = migrate ? record::readAs<S>(from, written, current) : record::read<S>(from);
  if (from.failed() || from.remaining() != 0) {
    return Error(ErrorCode::kCorruption, "operator state is no " + record::describeSchema(current));
  }
  if constexpr (record::rewritesAlike<S>()) {
    const std::string again = migrate ? std::string() : encodeElement<S>(value);
    const record::ContentHash hash(written);
    if (!migrate && again != bytes && hash.of(again) != hash.of(bytes)) {
      return Error(ErrorCode::kCorruption,
                   "operator state is not what was written once it is read as " +
                       record::describeSchema(current));
    }
  }
  return value;
}

}  // namespace weir::state
