#include "common/offline/window_json.h"

#include "common/offline/json_text.h"
#include "common/offline/value_json.h"

namespace weir::offline {

Status WindowJson::append(std::string_view name_space, std::string& to) const {
  if (!state::isByWindow(windows_)) {
    if (name_space.empty()) {
      to += "null";
    } else {
      appendBase64Object(to, name_space);
    }
    return ok();
  }
  const bool beside = *windows_ == state::globalWindow()
                          ? name_space == state::kBesideTheGlobalWindow
                          : name_space.empty();
  if (beside) {
    to += "null";
    return ok();
  }
  return ValueJson(*windows_).append(name_space, to).during("the window");
}

}  // namespace weir::offline
