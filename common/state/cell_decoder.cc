#include "common/state/cell_decoder.h"

#include <string>

#include "common/record/migrate.h"

namespace weir::state {

Status migrateBytes(std::string_view bytes,
                    const record::Schema& written,
                    const record::Schema& now,
                    Writer& to) {
  to.clear();
  Reader from(bytes);
  record::migrateValue(from, written, now, to);
  if (from.failed() || from.remaining() != 0) {
    return Error(ErrorCode::kCorruption,
                 "an entry of the snapshot is no " + record::describeSchema(written));
  }
  return ok();
}

CellDecoder::CellDecoder(ColumnBase& column, const record::Schema& written, bool migrate)
    : column_(column), written_(written), migrate_(migrate), hash_(column.info().schema) {}

Status CellDecoder::decode(Slot slot, std::string_view bytes) {
  if (migrate_) {
    WEIR_RETURN_IF_ERROR(migrateBytes(bytes, written_, column_.info().schema, migrated_));
    bytes = migrated_.view();
  }
  Reader from(bytes);
  column_.restore(slot, from);
  if (from.failed() || from.remaining() != 0) {
    return Error(ErrorCode::kCorruption,
                 "an entry of state '" + column_.info().name + "' is no " +
                     record::describeSchema(column_.info().schema));
  }
  return migrate_ ? compare(slot, bytes) : ok();
}

Status CellDecoder::compare(Slot slot, std::string_view bytes) {
  if (!column_.rewritesAlike()) {
    return ok();
  }
  again_.clear();
  column_.write(slot, again_);
  if (again_.view() == bytes || hash_.of(again_.view()) == hash_.of(bytes)) {
    return ok();
  }
  const std::string what = "an entry of state '" + column_.info().name + "' ";
  if (!migrate_) {
    return Error(ErrorCode::kCorruption,
                 what + "is not what was written once it is read as " +
                     record::describeSchema(column_.info().schema));
  }
  return Error(ErrorCode::kInvalidArgument,
               what + "would lose a part: keys of a map or set in it become equal as the " +
                   "program's type; the snapshot has " + record::describeSchema(written_) +
                   ", this program has " + record::describeSchema(column_.info().schema))
      .advise("keep the members that tell the keys apart, or give the new state another name");
}

}  // namespace weir::state
