#pragma once

#include <memory>
#include <thread>

#include "common/daemon/output_sink.h"

namespace weir::daemon {

/// Keeps what this process writes to standard error from ever waiting for its reader.
///
/// Where standard error is a pipe or a socket, another pipe stands in its place while this lives,
/// and a thread empties it into an OutputSink, which drops what the reader does not take. Files and
/// terminals are left alone.
class ErrorGuard {
 public:
  explicit ErrorGuard(OutputLimits limits);
  /// Puts the real standard error back.
  ~ErrorGuard();
  ErrorGuard(const ErrorGuard&) = delete;
  ErrorGuard& operator=(const ErrorGuard&) = delete;

 private:
  void run(int reader);

  int real_ = -1;
  std::unique_ptr<OutputSink> sink_;
  std::thread thread_;
};

}  // namespace weir::daemon
