#pragma once

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <stdlib.h>

#include "common/fs/local_file_system.h"
#include "common/functions/accumulator_registry.h"
#include "common/functions/runtime_context.h"
#include "common/functions/source_function.h"

namespace weir {

/// Keeps what a source emits.
template <typename T>
class Collected : public SourceContext<T> {
 public:
  std::vector<T> take() {
    full();
    return std::move(all_);
  }

 protected:
  void full() override {
    all_.insert(all_.end(), this->batch_.records.begin(), this->batch_.records.end());
    this->batch_.clear();
  }

 private:
  std::vector<T> all_;
};

/// The place of one subtask among others.
class Subtask {
 public:
  explicit Subtask(std::uint32_t index = 0, std::uint32_t parallelism = 1) {
    task_.files = &files_;
    task_.subtask = index;
    task_.parallelism = parallelism;
  }
  Subtask(std::uint32_t index, std::uint32_t parallelism, std::uint8_t job, std::uint64_t attempt)
      : Subtask(index, parallelism) {
    task_.job = JobId(Bytes16{job});
    task_.attempt = AttemptId(attempt);
    task_.checkpointing = true;
  }
  /// Of a job that takes no checkpoints.
  Subtask& withoutCheckpoints() {
    task_.checkpointing = false;
    return *this;
  }
  RuntimeContext& context() { return context_; }
  std::string job() const { return task_.job.hex(); }

 private:
  fs::LocalFileSystem files_;
  functions::TaskInfo task_;
  functions::AccumulatorRegistry registry_;
  RuntimeContext context_{task_, registry_};
};

/// A directory that goes with the test.
class ConnectorTest : public ::testing::Test {
 protected:
  ConnectorTest() {
    std::string name = std::filesystem::temp_directory_path() / "weir-connector-XXXXXX";
    directory_ = ::mkdtemp(name.data());
  }
  ~ConnectorTest() override { std::filesystem::remove_all(directory_); }

  std::string path(const std::string& name) const { return directory_ / name; }
  std::string write(const std::string& name, const std::string& text) const {
    std::filesystem::create_directories((directory_ / name).parent_path());
    std::ofstream(directory_ / name, std::ios::binary) << text;
    return path(name);
  }
  std::string read(const std::string& name) const {
    std::ifstream file(directory_ / name, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  /// All that is in the directory, hidden or not, relative to it.
  std::vector<std::string> everything() const {
    std::vector<std::string> names;
    for (const auto& one : std::filesystem::recursive_directory_iterator(directory_)) {
      names.push_back(std::filesystem::relative(one.path(), directory_).string());
    }
    std::sort(names.begin(), names.end());
    return names;
  }

  std::filesystem::path directory_;
};

/// Polls until the source has nothing more.
template <typename Source, typename T>
std::vector<T> drain(Source& source, Collected<T>& context) {
  while (source.pollNext(context) != InputStatus::kEndOfInput) {
  }
  return context.take();
}

}  // namespace weir
