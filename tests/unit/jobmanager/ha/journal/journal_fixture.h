#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "common/base/random.h"
#include "common/concurrency/simulated_executor.h"
#include "common/fs/digest.h"
#include "jobmanager/ha/journal/journal_job_store.h"
#include "tests/unit/jobmanager/job_graphs.h"

namespace weir::ha {

/// A disk whose next calls do not go well.
class BrokenDisk final : public Disk {
 public:
  Status write(int file,
               std::uint64_t offset,
               std::string_view bytes,
               const std::string& path) override {
    if (room && *room < bytes.size()) {
      static_cast<void>(Disk::write(file, offset, bytes.substr(0, *room), path).has_value());
      return Error(ErrorCode::kResourceExhausted, "write " + path + ": No space left on device");
    }
    return Disk::write(file, offset, bytes, path);
  }
  Status sync(int file, const std::string& path) override {
    ++syncs;
    if (during_sync) {
      during_sync();
    }
    if (sync_fails) {
      return Error(ErrorCode::kIo, "sync " + path + ": Input/output error");
    }
    return Disk::sync(file, path);
  }
  Status truncate(int file, std::uint64_t size, const std::string& path) override {
    return truncate_fails ? Status(Error(ErrorCode::kIo, "shorten " + path))
                          : Disk::truncate(file, size, path);
  }

  std::optional<std::size_t> room;  // For one write.
  bool sync_fails = false;
  std::function<void()> during_sync;  // What others do meanwhile.
  bool truncate_fails = false;
  int syncs = 0;
};

inline runtime::SubmitRequest sampleJob(JobId id, const std::string& name = "a job") {
  runtime::SubmitRequest request;
  request.job = id;
  graph::JobGraph graph = weir::testing::twoVertices();
  graph.name = name;
  request.graph = std::move(graph);
  request.program.executable = {"prog", {fs::sha256("prog"), 4}};
  return request;
}

/// A journal in a directory that goes with the test; time is virtual, files are real.
class JournalFixture : public ::testing::Test {
 protected:
  /// Names the directory to a process that is killed, and whose own would be left behind.
  static constexpr const char* kChildDirectory = "WEIR_TEST_JOURNAL";

  JournalFixture() {
    if (const char* given = std::getenv(kChildDirectory)) {
      directory_ = given;
      return;
    }
    std::string folder = ::testing::TempDir() + "journal-XXXXXX";
    root_ = ::mkdtemp(folder.data());
    directory_ = root_ + "/ha";
  }
  ~JournalFixture() override {
    if (!root_.empty()) {
      std::filesystem::remove_all(root_);
    }
  }

  std::unique_ptr<JournalJobStore> open(JournalJobStore::Settings settings = {}) {
    settings.directory = directory_;
    settings.holder = "the test";
    auto store = JournalJobStore::open(settings, io_, &disk_);
    EXPECT_TRUE(store.has_value()) << store.error().text();
    return store ? *std::move(store) : nullptr;
  }

  Result<Term> begin(JobStore& store) {
    std::optional<Result<Term>> answer;
    store.beginTerm([&](Result<Term> term) { answer.emplace(std::move(term)); });
    time_.runDue();
    return answer ? *std::move(answer) : Result<Term>(Error(ErrorCode::kInternal, "no answer"));
  }

  /// What the next job manager finds.
  Term next() {
    auto store = open();
    auto term = begin(*store);
    EXPECT_TRUE(term.has_value()) << term.error().text();
    return term ? *std::move(term) : Term();
  }

  template <typename Call>
  Status ask(Call call) {
    std::optional<Status> answer;
    call([&](const Status& written) { answer.emplace(written); });
    time_.runDue();
    return answer ? *answer : Status(Error(ErrorCode::kInternal, "no answer"));
  }
  Status put(JobStore& store, LeaderEpoch epoch, const runtime::SubmitRequest& job) {
    return ask([&](auto done) { store.write(epoch, PutJob{job}, done); });
  }
  Status remove(JobStore& store, LeaderEpoch epoch, JobId job) {
    return ask([&](auto done) { store.write(epoch, RemoveJob{job}, done); });
  }
  Status point(JobStore& store, LeaderEpoch epoch, JobId job, const JobCheckpoints& checkpoints) {
    return ask([&](auto done) { store.write(epoch, PutCheckpoints{job, checkpoints}, done); });
  }

  std::vector<std::string> files(const std::string& beginning = "") const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(directory_)) {
      const std::string name = entry.path().filename();
      if (name.starts_with(beginning)) {
        names.push_back(name);
      }
    }
    std::sort(names.begin(), names.end());
    return names;
  }
  std::string theJournal() const {
    const auto names = files("journal-");
    EXPECT_EQ(names.size(), 1U);
    return names.empty() ? "" : directory_ + "/" + names.back();
  }
  static std::string read(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  static void write(const std::string& path, const std::string& bytes) {
    std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
  }

  SeededRandom random_{1};
  std::string root_;
  std::string directory_;
  concurrency::SimulatedTime time_;
  concurrency::SimulatedExecutor io_{time_};
  BrokenDisk disk_;
  const JobId job_ = JobId::random(random_);
  const JobId other_ = JobId::random(random_);
};

}  // namespace weir::ha
