#include "common/daemon/output_sink.h"

#include <array>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "common/daemon/error_guard.h"

namespace weir::daemon {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

std::string contentOf(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

/// A file under a descriptor of its own.
class OutputSinkTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::create_directories(folder_);
    fd_ = ::open(path_.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
  }
  void TearDown() override {
    ::close(fd_);
    std::filesystem::remove_all(folder_);
  }
  const std::string folder_ = ::testing::TempDir() + "/output_sink_" + std::to_string(::getpid());
  const std::string path_ = folder_ + "/out";
  int fd_ = -1;
};

TEST_F(OutputSinkTest, NamesTheJobWhereItsLinesBegin) {
  {
    OutputSink sink(fd_, {});
    sink.write("a", "1\n");
    sink.write("a", "2\n");
    sink.write("b", "3\n");
    sink.write("a", "4\n");
  }
  EXPECT_EQ(contentOf(path_), "==> a <==\n1\n2\n==> b <==\n3\n==> a <==\n4\n");
}

TEST_F(OutputSinkTest, BeginsAFullFileAnewAndKeepsAsManyAsItMay) {
  const std::string line(999, 'x');
  {
    OutputSink sink(fd_, {.file_bytes = 10'000, .files = 2, .queue_bytes = 2000});
    for (int i = 0; i < 200; ++i) {
      sink.write("job", line + "\n");
      ::usleep(1000);
    }
  }
  EXPECT_TRUE(std::filesystem::exists(path_ + ".1"));
  EXPECT_TRUE(std::filesystem::exists(path_ + ".2"));
  EXPECT_FALSE(std::filesystem::exists(path_ + ".3"));
  for (const std::string& path : {path_, path_ + ".1", path_ + ".2"}) {
    EXPECT_LE(std::filesystem::file_size(path), 14'000U);
    EXPECT_THAT(contentOf(path), ::testing::StartsWith("==> job <==\n"));
  }
}

TEST_F(OutputSinkTest, EmptiesAFullFileWhereNoneIsKept) {
  {
    OutputSink sink(fd_, {.file_bytes = 10'000, .files = 0, .queue_bytes = 2000});
    for (int i = 0; i < 50; ++i) {
      sink.write("job", std::string(999, 'x') + "\n");
      ::usleep(1000);
    }
  }
  EXPECT_LE(std::filesystem::file_size(path_), 14'000U);
  EXPECT_FALSE(std::filesystem::exists(path_ + ".1"));
}

/// Puts a device that is always full in the place of a file.
class FullDisk {
 public:
  explicit FullDisk(int file) : file_(file), kept_(::dup(file)) {
    const int full = ::open("/dev/full", O_WRONLY | O_CLOEXEC);
    ::dup2(full, file_);
    ::close(full);
  }
  ~FullDisk() {
    ::dup2(kept_, file_);
    ::close(kept_);
  }
  FullDisk(const FullDisk&) = delete;
  FullDisk& operator=(const FullDisk&) = delete;

 private:
  const int file_;
  const int kept_;
};

void awaitDropped(const OutputSink& sink, std::uint64_t bytes) {
  while (sink.droppedBytes() < bytes) {
    ::usleep(1000);
  }
}

TEST_F(OutputSinkTest, TellsOfWhatAFullDiskDidNotTakeOnceItTakesLinesAgain) {
  ::testing::internal::CaptureStderr();
  const std::string before = "==> job <==\nbefore\nbegun";
  {
    OutputSink sink(fd_, {});
    sink.write("job", "before\nbegun");
    while (contentOf(path_) != before) {
      ::usleep(1000);
    }
    {
      const FullDisk full(fd_);
      sink.write("job", "12345678\n");
      awaitDropped(sink, 9);
      sink.write("job", "lost\n");
      awaitDropped(sink, 14);
    }
    sink.write("job", "after\n");
  }
  const std::string logged = ::testing::internal::GetCapturedStderr();
  EXPECT_THAT(contentOf(path_),
              AllOf(::testing::StartsWith(before + "\n==> 14 bytes were dropped here"),
                    ::testing::EndsWith(" <==\n==> job <==\nafter\n")));
  EXPECT_THAT(logged, AllOf(HasSubstr("/dev/full"), HasSubstr("No space left on device")));
  EXPECT_NE(logged.find("is dropped until"), std::string::npos);
  EXPECT_EQ(logged.find("is dropped until"), logged.rfind("is dropped until"));
}

TEST_F(OutputSinkTest, LogsEachTimeThatADiskIsFullAgain) {
  ::testing::internal::CaptureStderr();
  {
    OutputSink sink(fd_, {});
    for (const std::uint64_t round : {1U, 2U}) {
      {
        const FullDisk full(fd_);
        sink.write("", "lost\n");
        awaitDropped(sink, 5 * round);
      }
      const auto size = std::filesystem::file_size(path_);
      sink.write("", "kept\n");
      while (std::filesystem::file_size(path_) == size || !contentOf(path_).ends_with("kept\n")) {
        ::usleep(1000);
      }
    }
  }
  const std::string logged = ::testing::internal::GetCapturedStderr();
  EXPECT_NE(logged.find("is dropped until"), logged.rfind("is dropped until"));
  EXPECT_THAT(contentOf(path_), HasSubstr("==> 5 bytes were dropped here"));
}

TEST_F(OutputSinkTest, EndsThoughTheDiskStaysFull) {
  const FullDisk full(fd_);
  OutputSink sink(fd_, {});
  sink.write("job", "lost\n");
}

TEST(OutputSinkPipeTest, NeverWaitsForAReaderAndSaysHowMuchItDropped) {
  std::array<int, 2> pipe{};
  ASSERT_EQ(::pipe2(pipe.data(), O_CLOEXEC), 0);
  auto sink = std::make_unique<OutputSink>(pipe[1], OutputLimits{.queue_bytes = 100'000});
  const auto begun = std::chrono::steady_clock::now();
  for (int i = 0; i < 10'000; ++i) {
    sink->write("job", std::string(999, 'x') + "\n");
  }
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(5));
  EXPECT_GT(sink->droppedBytes(), 5'000'000U);
  std::string all;
  std::array<char, 65536> bytes;
  while (all.find(" bytes were dropped here") == std::string::npos) {
    const ssize_t got = ::read(pipe[0], bytes.data(), bytes.size());
    ASSERT_GT(got, 0);
    all.append(bytes.data(), static_cast<std::size_t>(got));
  }
  sink.reset();
  ::close(pipe[0]);
  ::close(pipe[1]);
}

TEST(OutputSinkPipeTest, EndsThoughNobodyReads) {
  std::array<int, 2> pipe{};
  ASSERT_EQ(::pipe2(pipe.data(), O_CLOEXEC), 0);
  {
    OutputSink sink(pipe[1], {});
    sink.write("job", std::string(1'000'000, 'x'));
  }
  ::close(pipe[0]);
  ::close(pipe[1]);
}

TEST(ErrorGuardTest, StandardErrorThatNobodyReadsHoldsNobody) {
  std::array<int, 2> pipe{};
  ASSERT_EQ(::pipe2(pipe.data(), O_CLOEXEC), 0);
  const int before = ::dup(STDERR_FILENO);
  ::dup2(pipe[1], STDERR_FILENO);
  const std::string line(1000, 'x');
  ssize_t written = 0;
  {
    const ErrorGuard guard({.queue_bytes = 100'000});
    for (int i = 0; i < 2000; ++i) {
      written += ::write(STDERR_FILENO, line.data(), line.size());
    }
  }
  ::dup2(before, STDERR_FILENO);
  ::close(before);
  EXPECT_EQ(written, 2'000'000);
  ::close(pipe[0]);
  ::close(pipe[1]);
}

}  // namespace
}  // namespace weir::daemon
