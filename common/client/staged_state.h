#pragma once

#include <atomic>
#include <map>
#include <optional>
#include <string>

#include "common/base/result.h"
#include "common/client/sandbox_directory.h"
#include "common/fs/file_system.h"
#include "common/runtime/restores.h"

namespace weir::client {

/// Copies of state that lies on other machines, for a program that may open no connection. In
/// $TMPDIR, and gone with this. Belongs to one thread.
class StagedState {
 public:
  /// Copies what `restores` need that is not on this machine, and lets them name the copies.
  /// Errors: those of the file systems; kCancelled once `interrupted` is true.
  Status stage(runtime::Restores& restores,
               fs::FileSystem& files,
               const std::atomic<bool>& interrupted);

  /// A text with the copies named as what they are copies of.
  std::string original(std::string text) const;

 private:
  Result<std::string> copy(const std::string& path,
                           const std::string& as,
                           fs::FileSystem& files,
                           const std::atomic<bool>& interrupted);

  std::optional<SandboxDirectory> directory_;     // With the first copy.
  std::map<std::string, std::string> originals_;  // By the copy's path.
  std::map<std::string, std::string> copies_;     // By the original's.
};

}  // namespace weir::client
