#pragma once

#include <string>
#include <utility>
#include <vector>

#include "common/base/result.h"
#include "common/client/prepared_program.h"

namespace weir::client {

/// A directory that a checked program runs in, as a worker does in one with the files that were
/// shipped to it. They are copies, and go with this.
class SandboxDirectory {
 public:
  /// `files` are what shippedFiles() gave. Errors: those of the file system.
  static Result<SandboxDirectory> make(const std::vector<ShippedFile>& files);
  SandboxDirectory(SandboxDirectory&& other) noexcept;
  SandboxDirectory& operator=(SandboxDirectory&&) = delete;
  ~SandboxDirectory();

  const std::string& path() const { return path_; }

 private:
  explicit SandboxDirectory(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

}  // namespace weir::client
