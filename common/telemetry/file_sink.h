#pragma once

#include <cstdint>
#include <mutex>
#include <string>

#include <spdlog/sinks/base_sink.h>

#include "common/base/result.h"

namespace weir::log {

/// Appends lines to a file, which becomes an earlier one (file.1, file.2, ...) when it is large.
///
/// Where standard error is the file too, as the scripts arrange it, standard error follows to each
/// next file, and what it writes counts. Threads: any.
class FileSink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  /// `keep` earlier files; with none the file grows.
  FileSink(std::string file, int keep);
  ~FileSink() override;

  /// Makes an earlier file what stands under the name now, if `keep` is above 0, and opens it.
  Status begin();
  /// From which size on the file becomes an earlier one; 0, as at first: never.
  void rotateAt(std::uint64_t max_bytes);
  /// Opens what stands under the name now.
  Status reopen();

 private:
  void sink_it_(const spdlog::details::log_msg& message) override;
  void flush_() override {}

  /// Moves file to file.1, file.1 to file.2, and so on; the oldest is replaced.
  Status shift() const;
  Status open();

  const std::string file_;
  const int keep_;
  std::uint64_t max_bytes_ = 0;
  int descriptor_ = -1;
  std::uint64_t next_check_ = 0;  // No shift below this size: one has just failed.
};

}  // namespace weir::log
