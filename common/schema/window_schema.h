#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/schema/schema.h"

/// What snapshots say of the windows that an operator's keyed state is in, each a namespace.
namespace weir::state {

/// Nothing: an earlier release wrote it and did not say.
using WindowSchema = std::optional<record::Schema>;

/// There are none: one value for each key. No window has this schema.
record::Schema byKeyAlone();
/// Of GlobalWindow, whose namespace is empty.
record::Schema globalWindow();
/// The namespace of what a key has beside the global window. Beside others that is the empty one.
inline constexpr std::string_view kBesideTheGlobalWindow = "\1";

/// Whether the namespaces are known to be windows.
bool isByWindow(const WindowSchema& windows);
/// Whether a program whose windows are `now` reads namespaces that were written as `old`: true
/// where either is not known. They are never migrated, so members count with name and place.
bool readsWindows(const WindowSchema& old, const WindowSchema& now);
/// For people: "struct{start: i64, end: i64}", "the global window", or "none, one value for each
/// key".
std::string describeWindows(const WindowSchema& windows);

}  // namespace weir::state
