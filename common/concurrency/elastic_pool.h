#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "common/concurrency/executor.h"
#include "common/concurrency/thread_executor.h"

namespace weir::concurrency {

/// Threads for work that may hang, such as that on files: one more is started whenever none is
/// idle, up to a bound. Beyond it, tasks wait.
///
/// Other than most executors it runs tasks side by side: who needs an order posts the next task
/// when the one before is done. Threads: any; shutdown() from any but its own.
class ElasticPool final : public Executor {
 public:
  /// `name` is shown by ps and gdb, up to 15 characters.
  ElasticPool(std::string name, std::size_t most_threads);
  ~ElasticPool() override;
  ElasticPool(const ElasticPool&) = delete;
  ElasticPool& operator=(const ElasticPool&) = delete;

  void post(Task task) override;
  [[nodiscard]] std::unique_ptr<Timer> schedule(Duration delay, Task task) override;

  /// Takes no more tasks, drops those that have not begun, and waits for the others. The number of
  /// those that hang: what they use must live until the process ends. Idempotent.
  std::size_t shutdown(Duration limit);

 private:
  struct Shared;  // With its threads, which may hang for ever.

  std::shared_ptr<Shared> shared_;
  ThreadExecutor timers_;
};

}  // namespace weir::concurrency
