#pragma once

#include "common/base/bytes.h"
#include "common/schema/schema.h"

namespace weir::record {

/// Moves `from` over one value of `schema`; fails the reader when there is none.
void skipValue(Reader& from, const Schema& schema);
/// Reads one value written as `written` and appends it as `current`, which comes from schemaOf<T>()
/// of this process and is at least compatible. Fails `from` when the bytes are no such value.
void migrateValue(Reader& from, const Schema& written, const Schema& current, Writer& to);

}  // namespace weir::record
