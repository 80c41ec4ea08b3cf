#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <stop_token>
#include <thread>

#include "common/base/result.h"
#include "jobmanager/standby.h"

namespace weir::jobmanager {

/// A standby that cannot answer yet, as somebody else has its port for now: it is started again and
/// again, on a thread of its own, while its job manager stands in line for the lead all the same.
class StandbyStart {
 public:
  using Start = std::function<Result<std::unique_ptr<Standby>>()>;

  /// Whether another try may help.
  static bool mayPass(const Error& why) { return why.code() != ErrorCode::kInvalidArgument; }

  /// `first` is what the first try has come to.
  StandbyStart(Result<std::unique_ptr<Standby>> first, Start start);
  StandbyStart(const StandbyStart&) = delete;
  StandbyStart& operator=(const StandbyStart&) = delete;

  /// Tries no more: the standby, if it answers. Once.
  std::unique_ptr<Standby> take();

 private:
  void tryAgain(const std::stop_token& stop);

  const Start start_;
  std::mutex mutex_;
  std::condition_variable_any wake_;
  std::unique_ptr<Standby> standby_;  // Of the thread, until it has ended.
  std::jthread thread_;               // Last: it ends first.
};

}  // namespace weir::jobmanager
