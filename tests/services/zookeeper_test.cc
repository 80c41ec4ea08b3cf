#include <cstdlib>
#include <future>
#include <optional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/random.h"
#include "common/concurrency/thread_executor.h"
#include "common/zookeeper/client.h"
#include "common/zookeeper/leader_finder.h"
#include "common/zookeeper/leader_watch.h"
#include "tests/services/tcp_proxy.h"

/// Sessions against real servers, which test_zookeeper.py starts and tells us of by variables.
namespace weir::zookeeper {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

constexpr seconds kSoon(20);

std::string variable(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? "" : value;
}

/// Runs one of the commands that the script gave us.
void order(const char* name) { ASSERT_EQ(std::system(variable(name).c_str()), 0) << name; }

Settings settingsOf(const std::string& quorum) {
  SystemRandom random;
  Settings settings;
  settings.quorum = quorum;
  settings.root = "/test-" + random.hex(12);
  settings.leader = settings.root + "-leader";  // So that no test has to make the root.
  settings.session_timeout = seconds(2);
  settings.connection_timeout = seconds(10);
  settings.retry_wait = milliseconds(100);
  return settings;
}

/// A client on an executor of its own, asked as if calls blocked.
class TestClient {
 public:
  explicit TestClient(const Settings& settings) {
    auto opened = Client::open(settings, executor_, [this](SessionState state, const Error& why) {
      const std::lock_guard lock(mutex_);
      states_.push_back(state);
      why_ = why.text();
      changed_.notify_all();
    });
    EXPECT_TRUE(opened.has_value()) << opened.error().text();
    client_ = *std::move(opened);
  }
  ~TestClient() {
    executor_.runSync([this] { client_.reset(); });
  }
  TestClient(const TestClient&) = delete;
  TestClient& operator=(const TestClient&) = delete;

  Client& operator*() { return *client_; }
  bool await(SessionState state, Duration patience = kSoon) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(
        lock, patience, [&] { return std::ranges::find(states_, state) != states_.end(); });
  }
  void forget() {
    const std::lock_guard lock(mutex_);
    states_.clear();
  }
  std::string why() {
    const std::lock_guard lock(mutex_);
    return why_;
  }
  /// What `ask(client, done)` answers.
  template <typename T, typename Ask>
  T ask(Ask ask) {
    auto promise = std::make_shared<std::promise<T>>();
    auto future = promise->get_future();
    executor_.post([this, promise, ask] {
      ask(*client_, [promise](T answer) { promise->set_value(std::move(answer)); });
    });
    EXPECT_EQ(future.wait_for(kSoon), std::future_status::ready) << "no answer";
    return future.get();
  }
  Result<std::string> create(const std::string& path,
                             const std::string& data,
                             Lifetime lifetime = Lifetime::kPersistent) {
    return ask<Result<std::string>>(
        [=](Client& client, auto done) { client.create(path, data, lifetime, done); });
  }
  Result<Node> get(const std::string& path, Client::Watcher changed = {}) {
    return ask<Result<Node>>([=](Client& client, auto done) { client.get(path, done, changed); });
  }
  Result<NodeStat> set(const std::string& path, const std::string& data, std::int32_t version) {
    return ask<Result<NodeStat>>(
        [=](Client& client, auto done) { client.set(path, data, version, done); });
  }
  Status remove(const std::string& path) {
    return ask<Status>([=](Client& client, auto done) { client.remove(path, kAnyVersion, done); });
  }
  MultiReply multi(const std::vector<Operation>& operations) {
    return ask<MultiReply>([=](Client& client, auto done) { client.multi(operations, done); });
  }

 private:
  concurrency::ThreadExecutor executor_{"test"};
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<SessionState> states_;
  std::string why_;
  std::unique_ptr<Client> client_;
};

class ZooKeeperTest : public ::testing::Test {
 protected:
  Settings settings_ = settingsOf(variable("WEIR_TEST_ZOOKEEPER"));
  const std::string path_ = settings_.root;
};

TEST_F(ZooKeeperTest, ANodeIsReadAsItWasWrittenAndKnowsItsVersion) {
  TestClient client(settings_);
  const std::string bytes("\0with\xFF zero", 11);
  ASSERT_TRUE(client.create(path_, bytes).has_value());
  const auto node = client.get(path_);
  ASSERT_TRUE(node.has_value()) << node.error().text();
  EXPECT_EQ(node->data, bytes);
  EXPECT_EQ(node->stat.version, 0);
  EXPECT_EQ(client.set(path_, "", 0)->version, 1);
  EXPECT_EQ(client.get(path_)->data, "");
  ASSERT_TRUE(client.remove(path_).has_value());
  EXPECT_EQ(client.get(path_).error().code(), ErrorCode::kNotFound);
}

TEST_F(ZooKeeperTest, RefusalsAreToldApart) {
  TestClient client(settings_);
  EXPECT_EQ(client.create(path_ + "/a", "").error().code(), ErrorCode::kNotFound);
  ASSERT_TRUE(client.create(path_, "").has_value());
  const auto again = client.create(path_, "");
  EXPECT_EQ(again.error().code(), ErrorCode::kFailedPrecondition);
  EXPECT_THAT(again.error().text(), HasSubstr(path_));
  EXPECT_EQ(client.set(path_, "x", 5).error().code(), ErrorCode::kFenced);
  ASSERT_TRUE(client.create(path_ + "/a", "").has_value());
  EXPECT_EQ(client.remove(path_).error().code(), ErrorCode::kFailedPrecondition);
}

TEST_F(ZooKeeperTest, AMultiIsDoneWholeOrNotAtAllAndSaysWhatWasRefused) {
  TestClient client(settings_);
  const auto made = client.multi({Operation::create(path_, "1"),
                                  Operation::create(path_ + "/a", "2"),
                                  Operation::set(path_, "3")});
  ASSERT_FALSE(made.error.has_value()) << made.error->text();
  EXPECT_EQ(made.stats[2].version, 1);
  const auto refused = client.multi(
      {Operation::check(path_, 1), Operation::remove(path_ + "/a"), Operation::set(path_, "4", 0)});
  ASSERT_TRUE(refused.error.has_value());
  EXPECT_EQ(refused.error->code(), ErrorCode::kFenced);
  EXPECT_EQ(refused.failed, 2U);
  EXPECT_TRUE(client.get(path_ + "/a").has_value());
}

TEST_F(ZooKeeperTest, SequentialNodesAreNumberedAndListed) {
  TestClient client(settings_);
  ASSERT_TRUE(client.create(path_, "").has_value());
  const auto first = client.create(path_ + "/n-", "", Lifetime::kEphemeralSequential);
  const auto second = client.create(path_ + "/n-", "", Lifetime::kEphemeralSequential);
  EXPECT_LT(*first, *second);
  const auto names = client.ask<Result<std::vector<std::string>>>(
      [this](Client& one, auto done) { one.children(path_, done); });
  EXPECT_THAT(
      *names,
      UnorderedElementsAre(first->substr(path_.size() + 1), second->substr(path_.size() + 1)));
}

TEST_F(ZooKeeperTest, AWatchTellsOnceOfAChangeAndOfWhatAppears) {
  TestClient client(settings_);
  TestClient other(settings_);
  auto appeared = std::make_shared<std::promise<void>>();
  ASSERT_FALSE(client
                   .ask<Result<std::optional<NodeStat>>>([&](Client& one, auto done) {
                     one.exists(path_, done, [appeared] { appeared->set_value(); });
                   })
                   ->has_value());
  ASSERT_TRUE(other.create(path_, "1").has_value());
  EXPECT_EQ(appeared->get_future().wait_for(kSoon), std::future_status::ready);
  auto changed = std::make_shared<std::promise<void>>();
  ASSERT_TRUE(client.get(path_, [changed] { changed->set_value(); }).has_value());
  ASSERT_TRUE(other.set(path_, "2", kAnyVersion).has_value());
  ASSERT_TRUE(other.set(path_, "3", kAnyVersion).has_value());  // A second call would throw.
  EXPECT_EQ(changed->get_future().wait_for(kSoon), std::future_status::ready);
}

TEST_F(ZooKeeperTest, AClientThatEndsTakesItsEphemeralNodesWithItAtOnce) {
  TestClient other(settings_);
  auto gone = std::make_shared<std::promise<void>>();
  {
    TestClient client(settings_);
    ASSERT_TRUE(client.create(path_, "", Lifetime::kEphemeral).has_value());
    ASSERT_TRUE(other.get(path_, [gone] { gone->set_value(); }).has_value());
  }
  EXPECT_EQ(gone->get_future().wait_for(seconds(1)), std::future_status::ready);
}

TEST_F(ZooKeeperTest, ASessionThatHearsNothingIsOverByItsOwnClock) {
  TestClient client(settings_);
  ASSERT_TRUE(client.await(SessionState::kConnected));
  EXPECT_TRUE((*client).leaseHolds());
  order("WEIR_TEST_ZOOKEEPER_FREEZE");
  const auto frozen = std::chrono::steady_clock::now();
  EXPECT_TRUE(client.await(SessionState::kLost));
  EXPECT_LE(std::chrono::steady_clock::now() - frozen,
            settings_.session_timeout + milliseconds(500));
  EXPECT_FALSE((*client).leaseHolds());
  EXPECT_THAT(client.why(), HasSubstr(settings_.quorum));
  EXPECT_EQ(client.get(path_).error().code(), ErrorCode::kUnavailable);
  order("WEIR_TEST_ZOOKEEPER_THAW");
}

TEST_F(ZooKeeperTest, ACallWithoutAnAnswerEndsAndSaysThatNobodyKnows) {
  TestClient client(settings_);
  ASSERT_TRUE(client.await(SessionState::kConnected));
  order("WEIR_TEST_ZOOKEEPER_FREEZE");
  EXPECT_EQ(client.create(path_, "").error().code(), ErrorCode::kDeadlineExceeded);
  order("WEIR_TEST_ZOOKEEPER_THAW");
}

TEST_F(ZooKeeperTest, ASessionGoesOnWhenItsServerIsKilledAndStartedInTime) {
  settings_.session_timeout = seconds(20);
  TestClient client(settings_);
  ASSERT_TRUE(client.create(path_, "mine", Lifetime::kEphemeral).has_value());
  ASSERT_TRUE(client.await(SessionState::kConnected));
  const std::int64_t session = (*client).sessionId();
  order("WEIR_TEST_ZOOKEEPER_KILL");
  EXPECT_TRUE(client.await(SessionState::kSuspended));
  client.forget();
  order("WEIR_TEST_ZOOKEEPER_START");
  ASSERT_TRUE(client.await(SessionState::kConnected));
  EXPECT_EQ((*client).sessionId(), session);
  EXPECT_EQ(client.get(path_)->data, "mine");
}

TEST_F(ZooKeeperTest, ServersThatDoNotAnswerAreNamedInBoundedTime) {
  settings_.quorum = "127.0.0.1:1";
  settings_.connection_timeout = milliseconds(300);
  TestClient client(settings_);
  ASSERT_TRUE(client.await(SessionState::kLost, seconds(2)));
  EXPECT_THAT(client.why(), HasSubstr("127.0.0.1:1"));
}

/// Who leads, as a follower is told.
class Told {
 public:
  void operator()(std::optional<LeaderAddress> leader) {
    const std::lock_guard lock(mutex_);
    all_.push_back(std::move(leader));
    changed_.notify_all();
  }
  bool await(const std::optional<LeaderAddress>& leader) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, kSoon, [&] { return !all_.empty() && all_.back() == leader; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::optional<LeaderAddress>> all_;
};

class LeaderWatchTest : public ZooKeeperTest {
 protected:
  LeaderWatchTest()
      : watch_(std::make_unique<LeaderWatch>(
            settings_, executor_, [this](auto leader) { told_(leader); })) {}
  ~LeaderWatchTest() override {
    executor_.runSync([this] { watch_.reset(); });
  }
  static LeaderAddress leader(std::uint64_t epoch) {
    return {"one:6123", "http://one:8081", LeaderEpoch(epoch)};
  }

  Told told_;
  concurrency::ThreadExecutor executor_{"follower"};
  std::unique_ptr<LeaderWatch> watch_;
};

TEST_F(LeaderWatchTest, FollowsFromOneLeaderToTheNext) {
  ASSERT_TRUE(told_.await(std::nullopt));
  TestClient client(settings_);
  ASSERT_TRUE(client.create(settings_.leader, encodeLeaderAddress(leader(1)), Lifetime::kEphemeral)
                  .has_value());
  EXPECT_TRUE(told_.await(leader(1)));
  EXPECT_FALSE(watch_->trouble().has_value());
  ASSERT_TRUE(client.remove(settings_.leader).has_value());
  EXPECT_TRUE(told_.await(std::nullopt));
  ASSERT_TRUE(client.create(settings_.leader, encodeLeaderAddress(leader(2)), Lifetime::kEphemeral)
                  .has_value());
  EXPECT_TRUE(told_.await(leader(2)));
}

TEST_F(LeaderWatchTest, WhatIsNoAddressIsNoLeader) {
  TestClient client(settings_);
  ASSERT_TRUE(client.create(settings_.leader, encodeLeaderAddress(leader(1)), Lifetime::kEphemeral)
                  .has_value());
  ASSERT_TRUE(told_.await(leader(1)));
  ASSERT_TRUE(client.set(settings_.leader, "somebody else's", kAnyVersion).has_value());
  EXPECT_TRUE(told_.await(std::nullopt));
  EXPECT_THAT(watch_->trouble()->text(), HasSubstr(settings_.leader));
}

TEST_F(LeaderWatchTest, FollowsThroughALostSession) {
  ASSERT_TRUE(told_.await(std::nullopt));
  order("WEIR_TEST_ZOOKEEPER_FREEZE");
  {
    TestClient client(settings_);  // Until then the session of the watch is over as well.
    ASSERT_TRUE(client.await(SessionState::kLost));
  }
  order("WEIR_TEST_ZOOKEEPER_THAW");
  TestClient client(settings_);
  ASSERT_TRUE(client.create(settings_.leader, encodeLeaderAddress(leader(3)), Lifetime::kEphemeral)
                  .has_value());
  EXPECT_TRUE(told_.await(leader(3)));
}

TEST_F(ZooKeeperTest, WhoAsksOnceFindsTheLeaderOrTheCause) {
  const auto nobody = findLeader(settings_, seconds(1));
  ASSERT_FALSE(nobody.has_value());
  EXPECT_THAT(nobody.error().text(), HasSubstr("has no node " + settings_.leader));
  TestClient client(settings_);
  const LeaderAddress leader{"one:6123", "", LeaderEpoch(9)};
  ASSERT_TRUE(client.create(settings_.leader, encodeLeaderAddress(leader), Lifetime::kEphemeral)
                  .has_value());
  const auto found = findLeader(settings_, kSoon);
  ASSERT_TRUE(found.has_value()) << found.error().text();
  EXPECT_EQ(*found, leader);
  settings_.quorum = "127.0.0.1:1";
  EXPECT_THAT(findLeader(settings_, milliseconds(500)).error().text(), HasSubstr("127.0.0.1:1"));
}

TEST_F(ZooKeeperTest, WhoAsksAgainAndAgainHasOneSession) {
  TestClient client(settings_);
  const std::string direct = settings_.quorum;
  services::TcpProxy proxy(
      static_cast<std::uint16_t>(std::atoi(direct.c_str() + direct.rfind(':') + 1)));
  Settings through = settings_;
  through.quorum = proxy.address();
  LeaderFinder finder(through);
  EXPECT_FALSE(finder.find(seconds(1)).has_value());
  for (int i = 0; i < 20; ++i) {
    EXPECT_FALSE(finder.find(milliseconds(10)).has_value());
  }
  for (const std::uint64_t epoch : {1, 2}) {
    const LeaderAddress leader{"one:6123", "", LeaderEpoch(epoch)};
    ASSERT_TRUE(client.create(settings_.leader, encodeLeaderAddress(leader), Lifetime::kEphemeral)
                    .has_value());
    const auto found = finder.find(kSoon);
    ASSERT_TRUE(found.has_value()) << found.error().text();
    EXPECT_EQ(*found, leader);
    ASSERT_TRUE(client.remove(settings_.leader).has_value());
    while (finder.find(milliseconds(10)).has_value()) {
      std::this_thread::yield();
    }
  }
  EXPECT_EQ(proxy.accepted(), 1);
}

}  // namespace
}  // namespace weir::zookeeper
