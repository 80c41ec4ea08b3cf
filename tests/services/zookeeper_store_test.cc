#include <cstdlib>
#include <filesystem>
#include <future>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "common/base/random.h"
#include "common/concurrency/elastic_pool.h"
#include "common/fs/digest.h"
#include "common/fs/local_file_system.h"
#include "common/zookeeper/leader_finder.h"
#include "jobmanager/ha/zookeeper/cluster_storage.h"
#include "jobmanager/ha/zookeeper/election.h"
#include "jobmanager/ha/zookeeper/zookeeper_job_store.h"
#include "tests/services/slow_files.h"
#include "tests/services/tcp_proxy.h"
#include "tests/unit/jobmanager/job_graphs.h"

/// Elections and the store of jobs on a real server, which test_zookeeper.py starts.
namespace weir::ha {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr seconds kSoon(20);

std::string variable(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? "" : value;
}

void order(const char* name) { ASSERT_EQ(std::system(variable(name).c_str()), 0) << name; }

bool becomes(const std::function<bool()>& condition) {
  const auto end = std::chrono::steady_clock::now() + kSoon;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) {
      return false;
    }
    std::this_thread::sleep_for(milliseconds(5));
  }
  return true;
}

/// A job manager as far as leadership goes.
class Candidate {
 public:
  Candidate(const zookeeper::Settings& settings,
            const std::string& directory,
            ZooKeeperJobStore::Settings store = {},
            fs::FileSystem* files = nullptr)
      : election_(settings, "the candidate", random_, [this](const Error&) { lost_ = true; }) {
    store.directory = directory;
    store.holder = "the candidate";
    store_ = std::make_unique<ZooKeeperJobStore>(
        std::move(store), election_, files == nullptr ? files_ : *files, io_, random_);
  }
  ~Candidate() {
    election_.close();
    io_.shutdown(kSoon);
  }
  Candidate(const Candidate&) = delete;
  Candidate& operator=(const Candidate&) = delete;

  Status lead() { return election_.lead(); }
  Result<Term> begin() {
    WEIR_RETURN_IF_ERROR(lead());
    auto term = ha::beginTerm(*store_, kSoon);
    epoch_ = term ? term->epoch : LeaderEpoch();
    return term;
  }
  std::future<Status> beginToWrite(Change change) {
    auto answer = std::make_shared<std::promise<Status>>();
    store_->write(
        epoch_, std::move(change), [answer](Status one) { answer->set_value(std::move(one)); });
    return answer->get_future();
  }
  Status write(Change change) {
    auto written = beginToWrite(std::move(change));
    EXPECT_EQ(written.wait_for(kSoon + kSoon), std::future_status::ready) << "no answer";
    return written.get();
  }
  Election& election() { return election_; }
  const ZooKeeperJobStore& store() const { return *store_; }
  bool lost() const { return lost_; }

 private:
  SystemRandom random_;
  fs::LocalFileSystem files_;
  concurrency::ElasticPool io_{"store", ZooKeeperJobStore::kThreads};
  std::atomic<bool> lost_ = false;
  Election election_;
  std::unique_ptr<ZooKeeperJobStore> store_;
  LeaderEpoch epoch_;
};

class ZooKeeperStoreTest : public ::testing::Test {
 protected:
  ZooKeeperStoreTest() {
    settings_.quorum = variable("WEIR_TEST_ZOOKEEPER");
    settings_.root = "/store-" + random_.hex(12);
    settings_.latch = settings_.root + "/leaderlatch";
    settings_.leader = settings_.root + "/leader";
    settings_.jobs = settings_.root + "/jobgraphs";
    settings_.checkpoints = settings_.root + "/checkpoints";
    settings_.session_timeout = seconds(2);
    settings_.connection_timeout = seconds(10);
    settings_.retry_wait = milliseconds(100);
    std::string folder = ::testing::TempDir() + "zookeeper-store-XXXXXX";
    directory_ = ::mkdtemp(folder.data());
  }
  ~ZooKeeperStoreTest() override { std::filesystem::remove_all(directory_); }

  std::unique_ptr<Candidate> candidate(ZooKeeperJobStore::Settings store = {},
                                       fs::FileSystem* files = nullptr) {
    return std::make_unique<Candidate>(settings_, directory_, std::move(store), files);
  }
  static runtime::SubmitRequest job(JobId id, const std::string& name = "a job") {
    runtime::SubmitRequest request;
    request.job = id;
    graph::JobGraph graph = weir::testing::twoVertices();
    graph.name = name;
    request.graph = std::move(graph);
    request.program.executable = {"prog", {fs::sha256("prog"), 4}};
    return request;
  }
  static Result<RecordNode> write(RecordFiles& to, LeaderEpoch epoch, const std::string& record) {
    const RecordNode node = to.name(epoch, record);
    WEIR_RETURN_IF_ERROR(to.write(node, record));
    return node;
  }
  JobId id() { return JobId::random(random_); }
  std::vector<std::string> files() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(directory_)) {
      names.push_back(entry.path().filename());
    }
    return names;
  }
  /// All nodes that records have.
  std::vector<std::string> records() {
    BlockingClient client(settings_);
    EXPECT_TRUE(client.connect().has_value());
    std::vector<std::string> found;
    for (const std::string& parent :
         {settings_.jobs, settings_.checkpoints, settings_.root + "/operations"}) {
      const auto names = client.list(parent);
      for (const std::string& name : *names) {
        found.push_back(parent + "/" + name);
      }
    }
    return found;
  }
  /// As somebody who deletes what is not theirs.
  void removeNode(const std::string& path) {
    BlockingClient client(settings_);
    ASSERT_TRUE(client.connect().has_value());
    ASSERT_TRUE(client.remove(path).has_value());
  }

  SystemRandom random_;
  zookeeper::Settings settings_;
  std::string directory_;
};

TEST_F(ZooKeeperStoreTest, TheNextLeaderFindsWhatTheOneBeforeHasWritten) {
  const JobId one = id();
  const JobId two = id();
  const OperationId operation = OperationId::random(random_);
  {
    const auto first = candidate();
    const auto term = first->begin();
    ASSERT_TRUE(term.has_value()) << term.error().text();
    EXPECT_EQ(term->epoch, LeaderEpoch(1));
    ASSERT_TRUE(first->write(PutJob{job(one)}).has_value());
    ASSERT_TRUE(first->write(PutJob{job(two, std::string(100'000, 'x'))}).has_value());
    ASSERT_TRUE(first->write(PutCheckpoints{two, {{}, {}, CheckpointId(40)}}).has_value());
    ASSERT_TRUE(first->write(CancelJob{one}).has_value());
    ASSERT_TRUE(
        first->write(SavepointAnswer{operation, two, Error(ErrorCode::kIo, "full")}).has_value());
  }
  const auto second = candidate();
  const auto term = second->begin();
  ASSERT_TRUE(term.has_value()) << term.error().text();
  EXPECT_EQ(term->epoch, LeaderEpoch(2));
  ASSERT_THAT(term->jobs, SizeIs(2));
  const StoredJob& larger = term->jobs[term->jobs[0].request.job == two ? 0 : 1];
  EXPECT_EQ(larger.request.graph->name.size(), 100'000U);
  EXPECT_EQ(larger.checkpoints.next, CheckpointId(40));
  EXPECT_GT(larger.submitted_millis, 0);
  EXPECT_TRUE(term->jobs[term->jobs[0].request.job == one ? 0 : 1].cancelled);
  ASSERT_THAT(term->savepoints, SizeIs(1));
  EXPECT_EQ(term->savepoints[0].operation, operation);
}

TEST_F(ZooKeeperStoreTest, NothingOfAnEndedJobIsLeft) {
  const auto leader = candidate({.forget_after = milliseconds(50)});
  ASSERT_TRUE(leader->begin().has_value());
  const JobId one = id();
  ASSERT_TRUE(leader->write(PutJob{job(one)}).has_value());
  ASSERT_TRUE(leader->write(PutCheckpoints{one, {{}, {}, CheckpointId(40)}}).has_value());
  ASSERT_TRUE(leader->write(CancelJob{one}).has_value());
  ASSERT_TRUE(
      leader
          ->write(SavepointAnswer{OperationId::random(random_), one, Error(ErrorCode::kIo, "full")})
          .has_value());
  EXPECT_THAT(files(), SizeIs(1));
  ASSERT_TRUE(leader->write(RemoveJob{one}).has_value());
  EXPECT_TRUE(becomes([this] { return records().empty(); }));
  EXPECT_TRUE(becomes([this] { return files().empty(); }));
}

TEST_F(ZooKeeperStoreTest, HoweverMuchHasEndedItGoesPieceByPiece) {
  const auto leader = candidate({.forget_after = milliseconds(50)});
  ASSERT_TRUE(leader->begin().has_value());
  std::vector<std::future<Status>> answers;
  for (int i = 0; i < 450; ++i) {
    answers.push_back(leader->beginToWrite(
        SavepointAnswer{OperationId::random(random_), id(), Error(ErrorCode::kIo, "full")}));
  }
  for (auto& one : answers) {
    ASSERT_TRUE(one.get().has_value());
  }
  EXPECT_TRUE(becomes([this] { return records().empty(); }));
  EXPECT_TRUE(leader->write(PutJob{job(id())}).has_value());
  EXPECT_THAT(records(), SizeIs(1));
}

TEST_F(ZooKeeperStoreTest, WhatIsReplacedLeavesNoFile) {
  const auto leader = candidate({.most_inline = 10});
  ASSERT_TRUE(leader->begin().has_value());
  const JobId one = id();
  ASSERT_TRUE(leader->write(PutJob{job(one)}).has_value());
  for (std::uint64_t i = 20; i < 25; ++i) {
    ASSERT_TRUE(leader->write(PutCheckpoints{one, {{}, {}, CheckpointId(i)}}).has_value());
  }
  EXPECT_TRUE(becomes([this] { return files().size() == 2; }));
}

TEST_F(ZooKeeperStoreTest, AnOlderLeaderWritesNothingOnceANewerOneHasRaisedTheEpoch) {
  const JobId one = id();
  const auto old = candidate();
  ASSERT_TRUE(old->begin().has_value());
  ASSERT_TRUE(old->write(PutJob{job(one)}).has_value());
  removeNode(old->election().node());
  const auto newer = candidate();
  ASSERT_EQ(newer->begin()->epoch, LeaderEpoch(2));
  const Status refused = old->write(PutJob{job(id())});
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code(), ErrorCode::kFenced);
  EXPECT_THAT(refused.error().text(), HasSubstr("leads since epoch 2"));
  EXPECT_EQ(old->write(RemoveJob{one}).error().code(), ErrorCode::kFenced);
  EXPECT_TRUE(becomes([this] { return files().size() == 1; }));  // Of the refused job none.
  EXPECT_TRUE(newer->write(CancelJob{one}).has_value());
}

TEST_F(ZooKeeperStoreTest, AWriteWhoseAnswerIsLostIsDoneOnce) {
  const std::string direct = settings_.quorum;
  services::TcpProxy proxy(
      static_cast<std::uint16_t>(std::atoi(direct.c_str() + direct.rfind(':') + 1)));
  settings_.quorum = proxy.address();
  settings_.session_timeout = seconds(8);
  const auto leader = candidate();
  ASSERT_TRUE(leader->begin().has_value());
  const JobId one = id();
  proxy.loseAnswerOf(150);  // More than what keeps the session.
  const Status written = leader->write(PutJob{job(one)});
  ASSERT_TRUE(written.has_value()) << written.error().text();
  EXPECT_EQ(proxy.lost(), 1);
  proxy.loseAnswerOf(150);
  ASSERT_TRUE(leader->write(PutCheckpoints{one, {{}, {}, CheckpointId(40)}}).has_value());
  proxy.loseAnswerOf(150);
  ASSERT_TRUE(leader->write(RemoveJob{one}).has_value());
  EXPECT_EQ(proxy.lost(), 3);
  EXPECT_FALSE(leader->lost());
  EXPECT_THAT(records(), IsEmpty());
  EXPECT_TRUE(becomes([this] { return files().empty(); }));
}

TEST_F(ZooKeeperStoreTest, AFileThatHangsCostsItsOwnWriteAlone) {
  services::SlowFiles files;
  const auto leader = candidate({.patience = milliseconds(300)}, &files);
  ASSERT_TRUE(leader->begin().has_value());
  const JobId hanging = id();
  files.hold("held");
  std::vector<std::future<Status>> answers;
  for (int i = 0; i < 100; ++i) {
    answers.push_back(leader->beginToWrite(PutJob{i == 7 ? job(hanging, "held") : job(id())}));
  }
  answers.push_back(leader->beginToWrite(PutCheckpoints{hanging, {{}, {}, CheckpointId(40)}}));
  for (std::size_t i = 0; i < 100; ++i) {
    ASSERT_EQ(answers[i].wait_for(kSoon), std::future_status::ready) << i;
    const Status written = answers[i].get();
    ASSERT_EQ(written.has_value(), i != 7) << i;
    if (!written) {
      EXPECT_EQ(written.error().code(), ErrorCode::kUnavailable);
      EXPECT_THAT(written.error().text(), HasSubstr("hangs, and was given up after 0.30 s"));
    }
  }
  EXPECT_TRUE(answers[100].get().has_value());  // Of a job that is not stored: nothing.
  EXPECT_THAT(records(), SizeIs(99));
  files.letGo();
  EXPECT_TRUE(becomes([this] { return this->files().size() == 99; }));  // What came late is gone.
  EXPECT_TRUE(leader->write(PutJob{job(hanging, "held")}).has_value());
  EXPECT_FALSE(leader->lost());
}

TEST_F(ZooKeeperStoreTest,
       ServersThatAreSilentForLongerThanAFileMayHangEndNoTermThatTheSessionKeeps) {
  const std::string direct = settings_.quorum;
  services::TcpProxy proxy(
      static_cast<std::uint16_t>(std::atoi(direct.c_str() + direct.rfind(':') + 1)));
  settings_.quorum = proxy.address();
  settings_.session_timeout = seconds(8);
  const auto leader = candidate({.patience = milliseconds(100)});
  ASSERT_TRUE(leader->begin().has_value());
  proxy.beSilent(milliseconds(1500));
  const auto began = std::chrono::steady_clock::now();
  const Status written = leader->write(PutJob{job(id())});
  ASSERT_TRUE(written.has_value()) << written.error().text();
  EXPECT_GT(std::chrono::steady_clock::now() - began, milliseconds(500));
  EXPECT_FALSE(leader->lost());
}

TEST_F(ZooKeeperStoreTest, ATermGoesOnBeginningAsLongAsRecordsAreRead) {
  services::SlowFiles files;
  {
    const auto leader = candidate();
    ASSERT_TRUE(leader->begin().has_value());
    for (int i = 0; i < 40; ++i) {
      ASSERT_TRUE(leader->write(PutJob{job(id())}).has_value());
    }
  }
  files.slowDown(milliseconds(50));
  const auto next = candidate({.patience = milliseconds(500)}, &files);
  const auto term = next->begin();
  ASSERT_TRUE(term.has_value()) << term.error().text();
  EXPECT_THAT(term->jobs, SizeIs(40));
}

TEST_F(ZooKeeperStoreTest, StorageThatHangsWhereNobodyHasLedIsWaitedForOnlyForAWhile) {
  services::SlowFiles files;
  files.slowDown(seconds(3));
  concurrency::ElasticPool io("files", 1);
  auto first = candidate();
  ASSERT_TRUE(first->lead().has_value());
  std::filesystem::create_directories(directory_ + "/storage");
  const auto storage = openClusterStorage(first->election().client(),
                                          files,
                                          *fs::Location::parse(directory_ + "/storage"),
                                          random_,
                                          {io, milliseconds(200), directory_});
  ASSERT_FALSE(storage.has_value());
  EXPECT_EQ(storage.error().code(), ErrorCode::kUnavailable);
  EXPECT_THAT(storage.error().text(), HasSubstr("hangs"));
  io.shutdown(kSoon);
  first.reset();
  const auto next = candidate({.patience = milliseconds(200)}, &files);
  const auto term = next->begin();
  ASSERT_FALSE(term.has_value());
  EXPECT_EQ(term.error().code(), ErrorCode::kUnavailable);
  EXPECT_THAT(term.error().text(), HasSubstr("hangs"));
}

TEST_F(ZooKeeperStoreTest, WhatACrashLeavesIsSweptAndWhatIsOthersIsNot) {
  fs::LocalFileSystem local;
  RecordFiles ours(local, directory_, settings_.root, random_);
  RecordFiles others(local, directory_, "/another", random_);
  const auto leader = candidate();
  const auto term = leader->begin();
  ASSERT_TRUE(leader->write(PutJob{job(id())}).has_value());
  ASSERT_TRUE(write(ours, LeaderEpoch(1), "left").has_value());
  const std::string theirs = write(others, LeaderEpoch(1), "theirs")->file;
  ASSERT_TRUE(fs::writeAll(local, directory_ + "/notes", "mine").has_value());
  EXPECT_THAT(files(), SizeIs(4));
  removeNode(leader->election().node());
  const auto next = candidate();
  ASSERT_THAT(next->begin()->jobs, SizeIs(1));
  EXPECT_THAT(files(), SizeIs(3));
  EXPECT_TRUE(std::filesystem::exists(directory_ + "/" + theirs));
}

TEST_F(ZooKeeperStoreTest, ADamagedFileCostsItsOwnJobAlone) {
  const JobId damaged = id();
  const JobId intact = id();
  std::string path;
  {
    const auto leader = candidate();
    ASSERT_TRUE(leader->begin().has_value());
    ASSERT_TRUE(leader->write(PutJob{job(damaged)}).has_value());
    path = directory_ + "/" + files().at(0);
    ASSERT_TRUE(leader->write(PutCheckpoints{damaged, {{}, {}, CheckpointId(4)}}).has_value());
    ASSERT_TRUE(leader->write(CancelJob{damaged}).has_value());
    ASSERT_TRUE(leader->write(PutJob{job(intact)}).has_value());
  }
  std::filesystem::resize_file(path, 40);
  {
    const auto next = candidate({.forget_after = milliseconds(50)});
    const auto term = next->begin();
    ASSERT_TRUE(term.has_value()) << term.error().text();
    ASSERT_THAT(term->jobs, SizeIs(1));
    EXPECT_EQ(term->jobs[0].request.job, intact);
    EXPECT_TRUE(next->store().leavesOut());
    EXPECT_EQ(next->write(PutJob{job(damaged)}).error().code(), ErrorCode::kFailedPrecondition);
    EXPECT_TRUE(next->write(RemoveJob{damaged}).has_value());  // Of nothing.
    EXPECT_TRUE(next->write(RemoveJob{intact}).has_value());
    EXPECT_TRUE(becomes([this] { return files().size() == 1; }));
    EXPECT_TRUE(std::filesystem::exists(path));
    EXPECT_THAT(records(), SizeIs(2));  // Job and checkpoints.
    EXPECT_FALSE(next->lost());
  }
  {
    BlockingClient client(settings_);
    ASSERT_TRUE(client.connect().has_value());
    ASSERT_TRUE(client.create(settings_.jobs + "/strange", "x", zookeeper::Lifetime::kPersistent));
  }
  EXPECT_THAT(candidate()->begin()->jobs, IsEmpty());
  EXPECT_TRUE(std::filesystem::exists(path));
}

TEST_F(ZooKeeperStoreTest, ALeaderThatFindsNoFileAtAllWaitsForItsStorage) {
  {
    const auto leader = candidate();
    ASSERT_TRUE(leader->begin().has_value());
    ASSERT_TRUE(leader->write(PutJob{job(id())}).has_value());
  }
  const std::string path = directory_ + "/" + files().at(0);
  std::filesystem::rename(path, directory_ + "/away");
  EXPECT_EQ(candidate()->begin().error().code(), ErrorCode::kUnavailable);
  std::filesystem::rename(directory_ + "/away", path);
  EXPECT_THAT(candidate()->begin()->jobs, SizeIs(1));
}

TEST_F(ZooKeeperStoreTest, TheEpochDoesNotGoBackWhereZooKeeperHasLostIts) {
  const auto first = candidate();
  ASSERT_TRUE(first->begin().has_value());
  removeNode(first->election().node());
  const auto second = candidate();
  ASSERT_TRUE(second->begin().has_value());
  ASSERT_TRUE(second->write(PutJob{job(id())}).has_value());  // Its file says which epoch it is of.
  removeNode(settings_.root + "/term");
  EXPECT_EQ(second->write(RemoveJob{id()}).has_value(), true);  // Nothing to write.
  EXPECT_EQ(second->write(PutJob{job(id())}).error().code(), ErrorCode::kFenced);
  removeNode(second->election().node());
  const auto third = candidate();
  EXPECT_EQ(third->begin()->epoch, LeaderEpoch(3));
}

TEST_F(ZooKeeperStoreTest, AClusterOfOtherServersBesideThisOneTouchesNothingOfIt) {
  fs::LocalFileSystem local;
  const fs::Location storage = *fs::Location::parse(directory_);
  concurrency::ElasticPool io("files", 1);
  const FileWait wait{io, kSoon, directory_};
  const auto open = [&](const std::unique_ptr<Candidate>& leader) {
    return openClusterStorage(leader->election().client(), local, storage, random_, wait);
  };
  const auto one = candidate();
  ASSERT_TRUE(one->lead().has_value());
  const auto ours = open(one);
  ASSERT_TRUE(ours.has_value()) << ours.error().text();
  EXPECT_EQ(ours->founded_after, LeaderEpoch());
  EXPECT_EQ(open(one)->directory, ours->directory);
  struct stat info{};
  ASSERT_EQ(::stat(ours->directory.path().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0700U);
  const std::string records = ours->directory.child("records").path();
  RecordFiles files(local, records, settings_.root, random_);
  const auto written = write(files, LeaderEpoch(7), "a record");
  ASSERT_TRUE(written.has_value());

  removeNode(settings_.root + "/cluster");  // As servers that know nothing of it.
  const auto theirs = open(one);
  ASSERT_TRUE(theirs.has_value()) << theirs.error().text();
  EXPECT_NE(theirs->directory, ours->directory);
  EXPECT_EQ(theirs->founded_after, LeaderEpoch(7));
  one->election().close();
  Candidate other(settings_,
                  theirs->directory.child("records").path(),
                  {.founded_after = theirs->founded_after});
  EXPECT_EQ(other.begin()->epoch, LeaderEpoch(8));
  EXPECT_EQ(*files.read(*written), "a record");
}

TEST_F(ZooKeeperStoreTest, TheLineIsServedInItsOrderAndOneEndWakesOne) {
  auto first = candidate();
  ASSERT_TRUE(first->lead().has_value());
  auto second = candidate();
  std::atomic<bool> second_leads = false;
  std::jthread waits([&] { second_leads = second->lead().has_value(); });
  ASSERT_TRUE(becomes([this] {
    BlockingClient client(settings_);
    return client.connect() && client.list(settings_.latch)->size() == 2;
  }));
  auto third = candidate();
  std::atomic<bool> third_leads = false;
  std::jthread waits_too([&] { third_leads = third->lead().has_value(); });
  ASSERT_TRUE(becomes([this] {
    BlockingClient client(settings_);
    return client.connect() && client.list(settings_.latch)->size() == 3;
  }));
  first.reset();
  EXPECT_TRUE(becomes([&] { return second_leads.load(); }));
  EXPECT_FALSE(third_leads);
  second->election().close();
  EXPECT_TRUE(becomes([&] { return third_leads.load(); }));
  EXPECT_FALSE(second->election().leads());
}

TEST_F(ZooKeeperStoreTest, WhoeverFollowsIsToldAgainWhatSomebodyDeleted) {
  const auto leader = candidate();
  ASSERT_TRUE(leader->begin().has_value());
  const zookeeper::LeaderAddress address{"one:6123", "", LeaderEpoch(1)};
  ASSERT_TRUE(leader->election().publish(address).has_value());
  std::jthread keeps(
      [&](const std::stop_token& stop) { leader->election().keepPublished(address, stop); });
  removeNode(settings_.leader);
  EXPECT_TRUE(
      becomes([&] { return zookeeper::findLeader(settings_, milliseconds(500)).has_value(); }));
  leader->election().close();
}

TEST_F(ZooKeeperStoreTest, ALeaderWhoseNodeInTheLineIsGoneKnowsThatItsTermIsOver) {
  const auto leader = candidate();
  ASSERT_TRUE(leader->begin().has_value());
  const zookeeper::LeaderAddress address{"one:6123", "", LeaderEpoch(1)};
  ASSERT_TRUE(leader->election().publish(address).has_value());
  std::jthread keeps(
      [&](const std::stop_token& stop) { leader->election().keepPublished(address, stop); });
  removeNode(leader->election().node());
  EXPECT_TRUE(leader->election().leads());  // Until it looks.
  removeNode(settings_.leader);
  EXPECT_TRUE(becomes([&] { return leader->lost(); }));
  EXPECT_FALSE(leader->election().leads());
}

TEST_F(ZooKeeperStoreTest, ANodeOfSomebodyElseIsNotWrittenOver) {
  {
    BlockingClient other(settings_);
    ASSERT_TRUE(other.connect().has_value());
    ASSERT_TRUE(other.make(settings_.leader).has_value());
  }
  const auto leader = candidate();
  ASSERT_TRUE(leader->begin().has_value());
  const Status refused = leader->election().publish({"one:6123", "", LeaderEpoch(1)});
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code(), ErrorCode::kInvalidArgument);
  EXPECT_THAT(refused.error().text(), HasSubstr("recovery.zookeeper.path.root"));
}

TEST_F(ZooKeeperStoreTest, ALeaderThatHearsNothingKnowsThatItsTermIsOverAndItsWritesEnd) {
  const auto leader = candidate();
  ASSERT_TRUE(leader->begin().has_value());
  EXPECT_TRUE(leader->election().leads());
  order("WEIR_TEST_ZOOKEEPER_FREEZE");
  const Status written = leader->write(PutJob{job(id())});
  EXPECT_EQ(written.error().code(), ErrorCode::kFenced);
  EXPECT_TRUE(becomes([&] { return leader->lost(); }));
  EXPECT_FALSE(leader->election().leads());
  order("WEIR_TEST_ZOOKEEPER_THAW");
}

}  // namespace
}  // namespace weir::ha
