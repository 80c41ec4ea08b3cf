#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "common/base/result.h"
#include "common/fs/file_system.h"

namespace weir::blob {

/// State in memory, read like a file.
class MemoryReader final : public fs::FileReader {
 public:
  explicit MemoryReader(std::shared_ptr<const std::string> bytes) : bytes_(std::move(bytes)) {}

  std::uint64_t size() const override { return bytes_->size(); }
  Result<std::string> read(std::uint64_t offset, std::uint64_t length) const override {
    if (offset > bytes_->size() || length > bytes_->size() - offset) {
      return Error(ErrorCode::kCorruption, "a blob of state ends before the bytes asked for");
    }
    return bytes_->substr(offset, length);
  }

 private:
  std::shared_ptr<const std::string> bytes_;  // Shared with the store.
};

}  // namespace weir::blob
