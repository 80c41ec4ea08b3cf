#pragma once

#include <string_view>

#include "common/base/bytes.h"
#include "common/base/result.h"
#include "common/record/content_hash.h"
#include "common/schema/schema.h"
#include "common/state/column.h"

namespace weir::state {

/// Rewrites `bytes` under another schema, into `to`, which is cleared before.
/// Errors: kCorruption when they are no value of `written`.
Status migrateBytes(std::string_view bytes,
                    const record::Schema& written,
                    const record::Schema& now,
                    Writer& to);

/// Turns written values of one state into cells. Lives no longer than the column and the schema.
class CellDecoder {
 public:
  /// `migrate`: the schemas differ.
  CellDecoder(ColumnBase& column, const record::Schema& written, bool migrate);

  /// Fills the cell of `slot`. Errors: kCorruption; kInvalidArgument where migration would make one
  /// of two keys of a map.
  Status decode(Slot slot, std::string_view bytes);
  /// Whether the cell is what `bytes`, encoded as the program's type, say. Errors as decode().
  Status compare(Slot slot, std::string_view bytes);

 private:
  ColumnBase& column_;  // The backend's.
  const record::Schema& written_;
  const bool migrate_;
  record::ContentHash hash_;
  Writer migrated_;
  Writer again_;
};

}  // namespace weir::state
