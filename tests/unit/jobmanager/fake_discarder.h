#pragma once

#include <string>
#include <utility>
#include <vector>

#include "jobmanager/checkpoint/handle_discarder.h"

namespace weir::jobmanager::testing {

/// Discards at once, or refuses.
class FakeDiscarder final : public HandleDiscarder {
 public:
  void discard(HandleDiscard what, Callback<std::vector<std::string>> done) override {
    if (what.handles.empty()) {
      done(std::vector<std::string>());
      return;
    }
    discards.push_back(std::move(what));
    done(answer);
  }
  std::vector<HandleDiscard> discards;
  Result<std::vector<std::string>> answer = std::vector<std::string>();
};

}  // namespace weir::jobmanager::testing
