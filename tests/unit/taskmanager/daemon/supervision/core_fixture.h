#pragma once

#include <atomic>
#include <condition_variable>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <future>
#include <mutex>
#include <sstream>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "common/base/lease.h"
#include "common/concurrency/elastic_pool.h"
#include "common/fs/digest.h"
#include "common/wire/encoding.h"
#include "taskmanager/daemon/supervision/cgroup.h"
#include "taskmanager/daemon/supervision/task_manager_core.h"
#include "tests/unit/common/fs/hanging_file_system.h"

namespace weir::taskmanager {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

// WorkerReport{hello{protocol_version: 1}} as a frame, and of version 2, which takes leases.
inline constexpr const char* kHello = "printf '\\004\\000\\000\\000\\012\\002\\010\\001' >&3\n";
// After it the task manager has heard the hello, as it answers with the work.
inline constexpr const char* kHearsWork = "head -c 1 <&3 >/dev/null\n";
inline constexpr const char* kHelloWithLeases =
    "printf '\\004\\000\\000\\000\\012\\002\\010\\002' >&3\n";

/// The job manager, as the task manager sees it.
class FakeLink final : public JobManagerLink {
 public:
  void open(runtime::Registration its_registration, Listener& its_listener) override {
    std::lock_guard lock(mutex);
    registration = std::move(its_registration);
    listener = &its_listener;
    ++opened;
    changed.notify_all();
  }
  void setHoldings(runtime::Holdings its_holdings) override {
    std::lock_guard lock(mutex);
    holdings = std::move(its_holdings);
    changed.notify_all();
  }
  void told(const runtime::ExecutionId& execution) override {
    std::lock_guard lock(mutex);
    reports_when_told = reports.size();
    told_of.push_back(execution);
    changed.notify_all();
  }
  void send(runtime::TaskManagerReport report) override {
    std::lock_guard lock(mutex);
    reports.push_back(std::move(report));
    changed.notify_all();
  }
  void relay(runtime::EncodedAck ack) override {
    auto decoded = wire::decodeAck(ack);
    std::lock_guard lock(mutex);
    ++relayed;
    EXPECT_TRUE(decoded) << decoded.error().text();
    if (decoded) {
      reports.push_back(*std::move(decoded));
    }
    changed.notify_all();
  }
  bool hasRoom() const override { return true; }
  void close() override { closed = true; }

  std::mutex mutex;
  std::condition_variable changed;
  runtime::Registration registration;
  Listener* listener = nullptr;
  int opened = 0;
  std::atomic<bool> closed = false;
  std::atomic<int> relayed = 0;
  std::vector<runtime::TaskManagerReport> reports;
  runtime::Holdings holdings;
  std::vector<runtime::ExecutionId> told_of;
  std::size_t reports_when_told = 0;
};

class FakeTransport final : public BlobTransport {
 public:
  Status fetch(const std::string& key, std::uint64_t length, const Sink& sink) override {
    {
      std::unique_lock lock(mutex);
      changed.wait(lock, [&] { return key != stuck; });
    }
    const auto found = blobs.find(key);
    return found == blobs.end()
               ? Status(Error(ErrorCode::kNotFound, "no blob " + key))
               : sink(found->second.substr(0, length == 0 ? std::string::npos : length));
  }
  Result<std::string> putState(const JobId& /*job*/, std::string_view bytes) override {
    std::lock_guard lock(mutex);
    if (stored.size() == most_stored) {
      return Error(ErrorCode::kResourceExhausted, "no room for " + std::to_string(bytes.size()));
    }
    stored.emplace_back(bytes);
    return "state-" + std::to_string(stored.size());
  }
  void letGo() {
    const std::lock_guard lock(mutex);
    stuck.clear();
    changed.notify_all();
  }
  std::map<std::string, std::string> blobs;
  std::mutex mutex;
  std::condition_variable changed;
  std::string stuck;  // A key that is not fetched until letGo().
  std::vector<std::string> stored;
  std::size_t most_stored = 1000;
};

class TaskManagerCoreTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::create_directories(tmp_);
    directory_ = *WorkDirectory::create(tmp_, TaskManagerId(Bytes16{1}));
    cache_ = *BlobCache::open(directory_->blobs(), 1 << 20, transport_, clock_);
    settings_.registration.slots = 2;
    settings_.worker.host = "host-1";
    settings_.worker.launcher = WEIR_LAUNCHER;
    settings_.memory_check = 20ms;
  }
  void TearDown() override {
    loop_.shutdown();
    EXPECT_EQ(pool_.shutdown(Duration::max()), 0);
    EXPECT_EQ(probes_.shutdown(Duration::max()), 0);
    data_port_.reset();
    core_.reset();
    if (groups_) {
      EXPECT_TRUE(sweepGroup(groups_->path(), 100)) << "a group of a worker is left";
    }
    groups_.reset();
    cache_.reset();
    directory_.reset();
    EXPECT_TRUE(std::filesystem::is_empty(tmp_));
    std::filesystem::remove_all(tmp_);
  }

  void start() {
    loop_.runSync([this] {
      core_ = std::make_unique<TaskManagerCore>(
          TaskManagerCore::Environment{loop_,
                                       pool_,
                                       probes_,
                                       *directory_,
                                       *cache_,
                                       transport_,
                                       files_,
                                       link_,
                                       clock_,
                                       [] { return std::uint64_t{1}; },
                                       [](const Error&) {},
                                       groups_.get()},
          settings_);
      data_port_ = *DataPort::listen(
          loop_,
          "127.0.0.1",
          0,
          config::Security::plainText(),
          [this](const auto& hello, auto& fd) { return core_->route(hello, fd); });
      core_->start(*data_port_);
      core_->onRegistered(terms_);
    });
  }
  void order(runtime::TaskManagerOrder order) {
    loop_.runSync([&] { core_->onOrder(std::move(order)); });
  }

  runtime::ProgramFile file(const std::string& name, const std::string& content) {
    const runtime::BlobKey key{fs::sha256(content), content.size()};
    transport_.blobs[key.sha256] = content;
    return {name, key};
  }
  runtime::Deployment deployment(const std::string& script, std::uint64_t attempt = 1) {
    runtime::Deployment deployment;
    deployment.execution = {JobId(Bytes16{9}), AttemptId(attempt), LeaderEpoch(1)};
    deployment.program.executable = file("job", "#!/bin/sh\n" + script);
    deployment.token = std::string(16, 't');
    deployment.placement = {{0}};
    deployment.workers.resize(1);
    return deployment;
  }
  /// The same program, to discard handles.
  static runtime::DiscardHandles discarding(const runtime::Deployment& like) {
    runtime::DiscardHandles order;
    order.execution = like.execution;
    order.program = like.program;
    return order;
  }
  // Frames of reports that the script may send with `cat frames >&3`.
  void shipFrames(runtime::Deployment& to, const std::vector<runtime::WorkerReport>& reports) {
    std::string frames;
    for (const auto& report : reports) {
      const std::string bytes = wire::encode(report);
      for (int shift = 0; shift < 32; shift += 8) {
        frames.push_back(static_cast<char>(bytes.size() >> shift));
      }
      frames += bytes;
    }
    to.program.shipped.push_back(file("frames", frames));
  }
  static runtime::TaskUpdate update(const runtime::Deployment& of, runtime::TaskState state) {
    runtime::TaskUpdate update;
    update.execution = of.execution;
    update.state = state;
    return update;
  }

  // Waits for the next report of this kind that was not asked for yet.
  template <typename T>
  T next() {
    std::unique_lock lock(link_.mutex);
    std::optional<T> found;
    const bool came = link_.changed.wait_for(lock, 20s, [&] {
      for (; taken_ < link_.reports.size() && !found; ++taken_) {
        if (auto* report = std::get_if<T>(&link_.reports[taken_])) {
          found = *report;
        }
      }
      return found.has_value();
    });
    EXPECT_TRUE(came) << "waited for 20 s";
    return found.value_or(T{});
  }
  runtime::WorkerExited runToItsEnd(runtime::Deployment deployment) {
    start();
    order(std::move(deployment));
    return next<runtime::WorkerExited>();
  }
  // Until there is something in it.
  void waitForFile(const std::string& path) {
    std::error_code missing;
    for (int i = 0; i < 2000; ++i) {
      if (const auto size = std::filesystem::file_size(path, missing); !missing && size > 0) {
        return;
      }
      std::this_thread::sleep_for(10ms);
    }
    FAIL() << path << " does not come";
  }

  const std::string tmp_ = ::testing::TempDir() + "/core_" + std::to_string(::getpid());
  SystemClock clock_;
  fs::testing::HangingFileSystem files_;
  FakeTransport transport_;
  FakeLink link_;
  CoreSettings settings_;
  std::unique_ptr<WorkDirectory> directory_;
  std::unique_ptr<WorkerCgroups> groups_;
  std::unique_ptr<BlobCache> cache_;
  concurrency::ElasticPool pool_{"test-pool", 2};
  concurrency::ElasticPool probes_{"test-probes", 2};
  IoLoop loop_{"test-strand"};
  std::unique_ptr<TaskManagerCore> core_;
  std::unique_ptr<DataPort> data_port_;
  SessionTerms terms_{1h, 10h, nanosSinceBoot()};
  std::size_t taken_ = 0;
};

}  // namespace weir::taskmanager
