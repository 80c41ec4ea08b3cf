#pragma once

#include <string>
#include <string_view>

#include "common/base/result.h"
#include "common/schema/window_schema.h"

namespace weir::offline {

/// Shows the namespaces of an operator's keyed state as JSON; json_mapping.md says how. One thread.
class WindowJson {
 public:
  /// `windows` outlives it.
  explicit WindowJson(const state::WindowSchema& windows) : windows_(windows) {}

  /// What the member of a line is called that append() writes.
  std::string_view title() const { return state::isByWindow(windows_) ? "window" : "namespace"; }
  /// Appends the window that `name_space` is, or null for what a key has beside its windows.
  /// kCorruption when the bytes are none.
  Status append(std::string_view name_space, std::string& to) const;

 private:
  const state::WindowSchema& windows_;
};

}  // namespace weir::offline
