#pragma once

#include <string>
#include <utility>
#include <vector>

#include "jobmanager/checkpoint/handle_discarder.h"

namespace weir::testing {

/// Discards at once, refuses, or waits for release().
class FakeDiscarder final : public jobmanager::HandleDiscarder {
 public:
  void discard(jobmanager::HandleDiscard what,
               jobmanager::Callback<std::vector<std::string>> done) override {
    if (what.handles.empty()) {
      done(std::vector<std::string>());
      return;
    }
    for (const jobmanager::OwnedHandle& one : what.handles) {
      handles.push_back(one.handle.location);
    }
    discards.push_back(std::move(what));
    if (holds) {
      held_.push_back(std::move(done));
    } else {
      done(answer);
    }
  }
  /// Answers all that waited.
  void release() {
    holds = false;
    for (auto& done : std::exchange(held_, {})) {
      done(answer);
    }
  }

  std::vector<jobmanager::HandleDiscard> discards;
  std::vector<std::string> handles;  ///< Their locations, in order.
  bool holds = false;
  Result<std::vector<std::string>> answer = std::vector<std::string>();

 private:
  std::vector<jobmanager::Callback<std::vector<std::string>>> held_;
};

}  // namespace weir::testing
