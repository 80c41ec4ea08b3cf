#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/unique_fd.h"

namespace weir::functions {

/// A file without a name in the worker's directory ($TMPDIR, else /tmp), which goes with whoever
/// holds it last. Appended to by one thread at a time; read by any.
class FeedbackSpill {
 public:
  struct Place {
    std::uint64_t offset = 0;
    std::uint64_t size = 0;
  };
  /// All throw std::runtime_error that says what to do.
  FeedbackSpill();
  Place append(std::string_view bytes);
  std::string read(Place place) const;
  std::uint64_t size() const { return end_; }

 private:
  std::string directory_;
  UniqueFd file_;
  std::uint64_t end_ = 0;
};

}  // namespace weir::functions
