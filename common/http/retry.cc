#include "common/http/retry.h"

#include "common/base/random.h"

namespace weir::http {

bool pauseFor(Duration pause, const std::atomic<bool>* stop) {
  // Between three quarters and all of it: those who failed together do not come back together.
  const auto part = std::chrono::duration_cast<std::chrono::microseconds>(pause) / 4;
  const auto bound = static_cast<std::uint64_t>(std::max<std::int64_t>(1, part.count()));
  const auto until = std::chrono::steady_clock::now() + pause -
                     std::chrono::microseconds(SystemRandom().below(bound));
  constexpr std::chrono::milliseconds kSlice(50);
  while (stop == nullptr || !stop->load()) {
    const auto rest = until - std::chrono::steady_clock::now();
    if (rest <= Duration::zero()) {
      return true;
    }
    std::this_thread::sleep_for(std::min<Duration>(kSlice, rest));
    fs::noteProgress();
  }
  return false;
}

}  // namespace weir::http
