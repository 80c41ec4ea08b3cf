#pragma once

#include <optional>
#include <utility>
#include <vector>

#include "common/runtime/upgrade_notice.h"

namespace weir::jobmanager {

/// Who waits for an upgrade and hears what it does meanwhile. Threads: the strand.
class UpgradeAudience {
 public:
  /// `now` is what it does; nothing where that is about to change, and will be told then.
  void add(runtime::UpgradeNoticeSink listener, const std::optional<runtime::UpgradeNotice>& now) {
    if (now) {
      listener(*now);
    }
    listeners_.push_back(std::move(listener));
  }
  void tell(const std::optional<runtime::UpgradeNotice>& now) const {
    for (const runtime::UpgradeNoticeSink& listener : listeners_) {
      if (now) {
        listener(*now);
      }
    }
  }

 private:
  std::vector<runtime::UpgradeNoticeSink> listeners_;
};

}  // namespace weir::jobmanager
