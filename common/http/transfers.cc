#include "common/http/transfers.h"

namespace weir::http {

Transfers::~Transfers() {
  constexpr std::chrono::seconds kLimit(2);
  if (pool_ && pool_->shutdown(kLimit) > 0) {
    static_cast<void>(pool_.release());  // What hangs owns all that it needs, and nobody waits.
  }
}

concurrency::ElasticPool& Transfers::pool() {
  std::call_once(made_, [this] {
    pool_ = std::make_unique<concurrency::ElasticPool>("transfers", most_threads_);
  });
  return *pool_;
}

}  // namespace weir::http
