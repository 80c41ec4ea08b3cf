#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "common/base/result.h"
#include "common/fs/file_system.h"

namespace weir::fs {

/// SHA-256 of bytes that come in pieces. Belongs to one thread.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;

  void update(std::string_view bytes);
  /// The digest of all so far as 64 lower-case hex digits; starts over.
  std::string finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// 64 lower-case hex digits.
std::string sha256(std::string_view bytes);

/// The digest of a whole file, read in pieces.
Result<std::string> sha256OfFile(FileSystem& files, const std::string& path);

}  // namespace weir::fs
