#include "common/schema/window_schema.h"

namespace weir::state {

record::Schema byKeyAlone() { return {}; }

record::Schema globalWindow() {
  record::Schema schema;
  schema.kind = record::SchemaKind::kStruct;
  return schema;
}

bool isByWindow(const WindowSchema& windows) { return windows && *windows != byKeyAlone(); }

bool readsWindows(const WindowSchema& old, const WindowSchema& now) {
  return !old || !now || record::compareSchemas(*old, *now).match == record::SchemaMatch::kEqual;
}

std::string describeWindows(const WindowSchema& windows) {
  if (!windows) {
    return "not known";
  }
  if (*windows == byKeyAlone()) {
    return "none, one value for each key";
  }
  return *windows == globalWindow() ? "the global window" : record::describeSchema(*windows);
}

}  // namespace weir::state
