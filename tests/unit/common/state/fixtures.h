#pragma once

#include <string>
#include <string_view>

#include "common/state/section.h"

namespace weir::state {

/// A section in memory, as sink and as source.
class MemoryFile final : public ByteSink, public ByteSource {
 public:
  Status append(std::string_view more) override {
    bytes.append(more);
    return ok();
  }
  std::uint64_t size() const override { return bytes.size(); }
  Result<std::string> read(std::uint64_t offset, std::uint64_t length) const override {
    if (offset > bytes.size() || length > bytes.size() - offset) {
      return Error(ErrorCode::kCorruption, "the file is too short");
    }
    return bytes.substr(offset, length);
  }
  std::string name() const override { return file_name; }

  std::string bytes;
  std::string file_name;  ///< In errors.
};

}  // namespace weir::state
