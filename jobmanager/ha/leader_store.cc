#include "jobmanager/ha/leader_store.h"

#include <utility>

namespace weir::ha {

Answer<std::monostate> LeaderStore::onStrand(Answer<std::monostate> done) {
  return [this, &strand = strand_, alive = std::weak_ptr<bool>(alive_), done = std::move(done)](
             Status written) {
    strand.post([this, alive, done, written = std::move(written)] {
      if (!alive.expired()) {
        answered(written, done);
      }
    });
  };
}

void LeaderStore::answered(const Status& written, const Answer<std::monostate>& done) {
  if (over_) {
    return;
  }
  if (!written && written.error().code() == ErrorCode::kFenced) {
    over_ = true;
    fenced_(written.error());
    return;
  }
  done(written);
}

}  // namespace weir::ha
