#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <new>
#include <utility>

#include "common/concurrency/elastic_pool.h"
#include "common/fs/progress.h"
#include "common/http/allowance.h"
#include "common/http/http_client.h"
#include "common/http/retry.h"

namespace weir::http {

/// How a remote file system moves bytes.
struct TransferSettings {
  HttpClient::Settings client;
  RetryPolicy retry;
  std::size_t in_flight = 4;  ///< Parts of one file that move at once.
  std::size_t most_threads = 32;
  std::uint64_t part_bytes = std::uint64_t{8} << 20;   ///< Of a file that is written.
  std::uint64_t chunk_bytes = std::uint64_t{4} << 20;  ///< Of a file that is read.
  std::uint64_t part_growth = 2;  ///< In a long file they grow to so many times that,
  std::uint64_t chunk_growth = 4;
  std::uint64_t shared_bytes = std::uint64_t{256}
                               << 20;  ///< of which all files together have this.
};

/// What `work` answers; an error where there is no memory for it.
template <typename Work>
auto withinMemory(Work work) -> decltype(work()) {
  try {
    return work();
  } catch (const std::bad_alloc&) {
    return Error(ErrorCode::kResourceExhausted, "there is no memory for it");
  }
}

/// Moves parts of files side by side, on threads that start with the first of them.
///
/// What a task needs it must own, as a task that hangs may outlive everybody. Tasks end by
/// themselves: each of their waits has a bound. Threads: any.
class Transfers {
 public:
  Transfers(std::shared_ptr<HttpClient> client, const TransferSettings& settings)
      : client_(std::move(client)),
        most_threads_(settings.most_threads),
        allowance_(std::make_shared<Allowance>(settings.shared_bytes)) {}
  ~Transfers();
  Transfers(const Transfers&) = delete;
  Transfers& operator=(const Transfers&) = delete;

  /// Runs it soon; it does not throw.
  void start(std::function<void()> work) { pool().post(std::move(work)); }

  /// Waits until `done()`, asked with the lock, answers true; whoever changes that notifies
  /// `changed`. The caller counts as at work while bytes move.
  template <typename Done>
  void await(std::unique_lock<std::mutex>& lock,
             std::condition_variable& changed,
             Done done) const {
    constexpr std::chrono::milliseconds kSlice(100);
    std::uint64_t seen = client_->activity();
    while (!changed.wait_for(lock, kSlice, done)) {
      if (std::exchange(seen, client_->activity()) != seen) {
        fs::noteProgress();
      }
    }
  }

  /// Shared with transfers, which may outlive us.
  const std::shared_ptr<Allowance>& allowance() const { return allowance_; }

 private:
  concurrency::ElasticPool& pool();

  std::shared_ptr<HttpClient> client_;  // Shared with tasks.
  const std::size_t most_threads_;
  const std::shared_ptr<Allowance> allowance_;
  std::once_flag made_;
  std::unique_ptr<concurrency::ElasticPool> pool_;
};

}  // namespace weir::http
