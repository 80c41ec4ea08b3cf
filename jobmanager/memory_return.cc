#include "jobmanager/memory_return.h"

namespace weir::jobmanager {
namespace {

constexpr Duration kEvery = std::chrono::seconds(1);
constexpr std::uint64_t kWorthIt = 1 << 20;  // Bytes of state.
constexpr int kQuietLooks = 5;

}  // namespace

void MemoryReturn::start() {
  executor_.post([this] { look(); });
}

void MemoryReturn::look() {
  const Gone gone = gone_();
  const bool more = gone.jobs != seen_.jobs || gone.state_bytes - seen_.state_bytes >= kWorthIt;
  if (more) {
    seen_ = gone;
    quiet_looks_ = 0;
    give_back_();
  } else if (++quiet_looks_ == kQuietLooks) {
    give_back_();
  }
  timer_ = executor_.schedule(kEvery, [this] { look(); });
}

}  // namespace weir::jobmanager
