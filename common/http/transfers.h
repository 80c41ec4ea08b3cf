#pragma once

#include <cstddef>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "common/concurrency/elastic_pool.h"
#include "common/fs/progress.h"
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
};

/// Moves parts of files side by side, on threads that start with the first of them.
///
/// What a task needs it must own, as a task that hangs may outlive everybody. Tasks end by
/// themselves: each of their waits has a bound. Threads: any.
class Transfers {
 public:
  Transfers(std::shared_ptr<HttpClient> client, std::size_t most_threads)
      : client_(std::move(client)), most_threads_(most_threads) {}
  ~Transfers();
  Transfers(const Transfers&) = delete;
  Transfers& operator=(const Transfers&) = delete;

  template <typename T, typename Work>
  std::shared_future<T> start(Work work) {
    auto task =
        std::make_shared<std::packaged_task<T()>>(std::move(work));  // std::function copies.
    std::shared_future<T> result = task->get_future().share();
    pool().post([task] { (*task)(); });
    return result;
  }

  /// Waits for it; the caller counts as at work while bytes move.
  template <typename T>
  const T& await(const std::shared_future<T>& result) const {
    constexpr std::chrono::milliseconds kSlice(100);
    std::uint64_t seen = client_->activity();
    while (result.wait_for(kSlice) != std::future_status::ready) {
      if (std::exchange(seen, client_->activity()) != seen) {
        fs::noteProgress();
      }
    }
    return result.get();
  }

 private:
  concurrency::ElasticPool& pool();

  std::shared_ptr<HttpClient> client_;  // Shared with tasks.
  const std::size_t most_threads_;
  std::once_flag made_;
  std::unique_ptr<concurrency::ElasticPool> pool_;
};

}  // namespace weir::http
