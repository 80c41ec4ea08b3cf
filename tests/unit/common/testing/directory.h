#pragma once

#include <filesystem>
#include <string>

#include <stdlib.h>

namespace weir::testing {

/// A directory that goes with the test.
class Directory {
 public:
  Directory() {
    char name[] = "/tmp/weir-testing-XXXXXX";
    path_ = ::mkdtemp(name);
  }
  ~Directory() { std::filesystem::remove_all(path_); }
  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace weir::testing
