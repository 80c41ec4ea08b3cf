#pragma once

#include <atomic>
#include <mutex>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "common/runtime/messages.h"
#include "taskmanager/worker/network/wake_signal.h"

namespace weir::worker {

/// What others tell a task; it reads them on its own thread, in order.
struct FinishMail {};
struct NotifyMail {
  CheckpointId checkpoint;
  bool completed = true;
};
using Mail = std::variant<runtime::CheckpointOrder, NotifyMail, FinishMail>;

/// Mail for one task. put() from any thread; takeAll() from the task's.
class Mailbox {
 public:
  explicit Mailbox(WakeSignal& signal) : signal_(signal) {}

  void put(Mail mail) {
    {
      std::lock_guard lock(mutex_);
      mails_.push_back(mail);
      filled_.store(true, std::memory_order_release);
    }
    signal_.wake();
  }
  bool filled() const { return filled_.load(std::memory_order_acquire); }
  std::vector<Mail> takeAll() {
    std::lock_guard lock(mutex_);
    filled_.store(false, std::memory_order_relaxed);
    return std::exchange(mails_, {});
  }

 private:
  WakeSignal& signal_;  // The task's.
  std::mutex mutex_;
  std::vector<Mail> mails_;
  std::atomic<bool> filled_{false};
};

}  // namespace weir::worker
