#include <algorithm>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/http/allowance.h"
#include "common/http/chunked_reader.h"
#include "common/http/parts_writer.h"
#include "common/http/transfers.h"

namespace weir::http {
namespace {

using ::testing::ElementsAre;

/// Parts and pieces that are on their way until a test lets them arrive.
class Traffic {
 public:
  /// On a transfer's thread: returns once `name` may go on.
  void pass(const std::string& name, std::uint64_t bytes) {
    std::unique_lock lock(mutex_);
    begun_[name] = bytes;
    changed_.notify_all();
    changed_.wait(lock, [&] { return all_pass_ || passing_.contains(name); });
  }
  void let(const std::string& name) {
    const std::lock_guard lock(mutex_);
    passing_.insert(name);
    changed_.notify_all();
  }
  void letAll() {
    const std::lock_guard lock(mutex_);
    all_pass_ = true;
    changed_.notify_all();
  }
  void awaitBegun(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return begun_.size() >= count; });
  }
  std::uint64_t bytesOf(const std::string& name) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return begun_.contains(name); });
    return begun_[name];
  }
  std::vector<std::string> begun() {
    const std::lock_guard lock(mutex_);
    std::vector<std::string> names;
    for (const auto& [name, bytes] : begun_) {
      names.push_back(name);
    }
    return names;
  }
  std::uint64_t most() {
    const std::lock_guard lock(mutex_);
    std::uint64_t most = 0;
    for (const auto& [name, bytes] : begun_) {
      most = std::max(most, bytes);
    }
    return most;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, std::uint64_t> begun_;
  std::set<std::string> passing_;
  bool all_pass_ = false;
};

class HeldTarget final : public PartTarget {
 public:
  explicit HeldTarget(Traffic& traffic) : traffic_(traffic) {}
  Status begin() override { return ok(); }
  Status putPart(std::uint32_t number, std::string_view bytes) override {
    traffic_.pass(std::to_string(number), bytes.size());
    return ok();
  }
  Status publishParts(std::uint32_t /*parts*/, std::uint64_t bytes) override {
    published = bytes;
    return ok();
  }
  Status publishWhole(std::string_view bytes) override {
    published = bytes.size();
    return ok();
  }
  void stop() override { traffic_.letAll(); }
  void abandon() override {}

  std::uint64_t published = 0;

 private:
  Traffic& traffic_;
};

class PartsInFlightTest : public ::testing::Test {
 protected:
  PartsInFlightTest() {
    settings_.in_flight = 2;
    settings_.most_threads = 8;
    settings_.part_bytes = 10;
    settings_.chunk_bytes = 10;
    settings_.part_growth = 1;
    settings_.chunk_growth = 1;
    settings_.shared_bytes = 0;
  }

  Transfers& transfers() {
    if (!transfers_) {
      transfers_ = std::make_unique<Transfers>(std::make_shared<HttpClient>(HttpClient::Settings{}),
                                               settings_);
    }
    return *transfers_;
  }
  std::unique_ptr<ChunkedReader> reader(std::uint64_t size, Traffic& traffic) {
    auto fetch = [&traffic](std::uint64_t offset, std::uint64_t length) -> Result<std::string> {
      traffic.pass(std::to_string(offset), length);
      std::string bytes;
      for (std::uint64_t i = 0; i < length; ++i) {
        bytes += static_cast<char>('a' + (offset + i) % 26);
      }
      return bytes;
    };
    return std::make_unique<ChunkedReader>("s3://b/a", size, fetch, transfers(), settings_);
  }

  Traffic traffic_;
  TransferSettings settings_;
  std::unique_ptr<Transfers> transfers_;  // After traffic: its threads end first.
};

TEST_F(PartsInFlightTest, APieceThatIsSlowHoldsUpNoneBehindIt) {
  settings_.shared_bytes = 1000;
  const auto file = reader(1000, traffic_);
  std::thread reading([&] { EXPECT_EQ(file->read(0, 10)->front(), 'a'); });
  traffic_.awaitBegun(2);
  traffic_.let("10");
  traffic_.let("20");
  traffic_.awaitBegun(4);  // The first is on its way all the time.
  EXPECT_THAT(traffic_.begun(), ElementsAre("0", "10", "20", "30"));
  traffic_.letAll();
  reading.join();
}

TEST_F(PartsInFlightTest, WithoutMemoryToShareAReaderHoldsItsOwnOnly) {
  const auto file = reader(1000, traffic_);
  std::thread reading([&] { EXPECT_EQ(file->read(0, 10)->front(), 'a'); });
  traffic_.awaitBegun(2);
  traffic_.let("10");
  traffic_.let("0");
  reading.join();  // The first piece is read, and gone: there is room for another one.
  traffic_.awaitBegun(3);
  EXPECT_THAT(traffic_.begun(), ElementsAre("0", "10", "20"));
  traffic_.letAll();
}

TEST_F(PartsInFlightTest, PiecesGrowWithTheReadingAndTheBytesAreThoseOfTheFile) {
  settings_.chunk_growth = 4;
  settings_.shared_bytes = 1000;
  traffic_.letAll();
  const auto file = reader(2000, traffic_);
  std::string bytes;
  while (bytes.size() < 2000) {
    const auto read = file->read(bytes.size(), 50);
    ASSERT_TRUE(read.has_value());
    bytes += *read;
  }
  EXPECT_EQ(traffic_.bytesOf("10"), 10U);
  EXPECT_EQ(traffic_.most(), 40U);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    ASSERT_EQ(bytes[i], static_cast<char>('a' + i % 26)) << i;
  }
}

TEST_F(PartsInFlightTest, APartThatIsSlowHoldsUpNoneBehindIt) {
  settings_.shared_bytes = 1000;
  const auto target = std::make_shared<HeldTarget>(traffic_);
  PartsWriter file("s3://b/a", target, transfers(), settings_);
  traffic_.let("1");
  traffic_.let("2");
  ASSERT_TRUE(file.append(std::string(45, 'x')).has_value());  // While part 0 is on its way.
  EXPECT_THAT(traffic_.begun(), ::testing::IsSupersetOf({"1", "2"}));
  traffic_.letAll();
  ASSERT_TRUE(file.commit().has_value());
  EXPECT_EQ(target->published, 45U);
}

TEST_F(PartsInFlightTest, PartsOfALongFileGrowAsFarAsThereIsMemoryToShare) {
  settings_.part_growth = 4;
  settings_.shared_bytes = 60;
  traffic_.letAll();
  const auto target = std::make_shared<HeldTarget>(traffic_);
  PartsWriter file("s3://b/a", target, transfers(), settings_);
  ASSERT_TRUE(file.append(std::string(2000, 'x')).has_value());
  ASSERT_TRUE(file.commit().has_value());
  EXPECT_EQ(target->published, 2000U);
  EXPECT_EQ(traffic_.bytesOf("0"), 10U);
  EXPECT_GT(traffic_.most(), 10U);
  EXPECT_LE(traffic_.most(), 40U);  // And three of 10 bytes are its own.
}

TEST(HoldingTest, WhatIsBeyondItsOwnIsTakenOfTheAllowanceAndGivenBack) {
  const auto allowance = std::make_shared<Allowance>(10);
  {
    Holding one(allowance);
    Holding other(allowance);
    EXPECT_TRUE(one.add(25, 20));
    EXPECT_TRUE(other.add(20, 20));
    EXPECT_FALSE(other.add(6, 20));
    EXPECT_TRUE(other.add(5, 20));
    one.remove(25);
    EXPECT_TRUE(other.add(5, 20));
    EXPECT_FALSE(one.add(21, 20));
    EXPECT_TRUE(one.add(20, 20));
  }
  EXPECT_TRUE(allowance->take(10));
  EXPECT_FALSE(allowance->take(1));
}

}  // namespace
}  // namespace weir::http
