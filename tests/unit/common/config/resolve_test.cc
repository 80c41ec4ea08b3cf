#include "common/config/resolve.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/config/options.h"

namespace weir::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Configuration with(const std::vector<std::string>& settings) {
  Warnings warnings;
  auto loaded = Configuration::fromOverrides(settings, warnings);
  EXPECT_TRUE(loaded.has_value());
  return loaded.has_value() ? *loaded : Configuration();
}

TEST(ResolveTest, SavepointsInFilesWithoutDirectoryFallBackWithAWarning) {
  Warnings warnings;
  const auto choice =
      resolveSavepointStorage(with({"savepoints.state.backend=filesystem"}), warnings);
  ASSERT_TRUE(choice.has_value());
  EXPECT_EQ(choice->storage, Storage::kJobManager);
  EXPECT_THAT(warnings, ElementsAre(HasSubstr("fall back to 'jobmanager'")));
}

TEST(ResolveTest, RecoveryInFilesNeedsALocalDirectory) {
  EXPECT_EQ(*resolveRecovery(with({})), "");
  EXPECT_EQ(*resolveRecovery(with({"recovery.filesystem.dir=/ha"})), "");
  EXPECT_EQ(*resolveRecovery(with({"recovery.mode=FileSystem", "recovery.filesystem.dir=/ha"})),
            "/ha");
  const auto none = resolveRecovery(with({"high-availability=filesystem"}));
  ASSERT_FALSE(none.has_value());
  EXPECT_THAT(none.error().text(), HasSubstr("needs recovery.filesystem.dir"));
  const auto remote =
      resolveRecovery(with({"recovery.mode=filesystem", "recovery.filesystem.dir=hdfs:///ha"}));
  ASSERT_FALSE(remote.has_value());
  EXPECT_THAT(remote.error().text(), HasSubstr("is no directory of this machine"));
  EXPECT_FALSE(checkJobManager(with({"recovery.mode=filesystem"})).has_value());
}

TEST(ResolveTest, TheNameOfTheStateBackendMayBeWrittenInAnyCase) {
  EXPECT_FALSE(checkJobManager(with({"state.backend=FileSystem"})));
  const auto choice = resolveCheckpointStorage(
      with({"state.backend=FileSystem", "state.backend.fs.checkpointdir=file:/c"}));
  ASSERT_TRUE(choice.has_value());
  EXPECT_EQ(choice->storage, Storage::kFileSystem);
}

TEST(ResolveTest, SavepointsGoWhereTheyAreToldTo) {
  Warnings warnings;
  const auto choice = resolveSavepointStorage(
      with({"savepoints.state.backend=filesystem", "savepoints.state.backend.fs.dir=file:/sp"}),
      warnings);
  EXPECT_EQ(choice->storage, Storage::kFileSystem);
  EXPECT_EQ(choice->directory, "file:/sp");
  EXPECT_THAT(warnings, IsEmpty());
  EXPECT_EQ(
      resolveSavepointStorage(with({"savepoints.state.backend.fs.dir=/sp"}), warnings)->storage,
      Storage::kJobManager);
}

TEST(ResolveTest, CheckpointsInFilesNeedADirectory) {
  EXPECT_EQ(resolveCheckpointStorage(Configuration())->storage, Storage::kJobManager);
  const Status checked = checkJobManager(with({"state.backend=filesystem"}));
  ASSERT_FALSE(checked.has_value());
  EXPECT_THAT(checked.error().text(), HasSubstr("'state.backend.fs.checkpointdir' is not set"));
  EXPECT_THAT(resolveCheckpointStorage(
                  with({"state.backend=filesystem", "state.checkpoints.dir=gs://nn/c"}))
                  .error()
                  .text(),
              HasSubstr("has the scheme 'gs', but only file:, hdfs:, s3:, webhdfs: are supported"));
  EXPECT_THAT(
      resolveCheckpointStorage(with({"state.backend=filesystem", "state.checkpoints.dir=c"}))
          .error()
          .text(),
      HasSubstr("'c' is not absolute"));
  EXPECT_THAT(
      resolveCheckpointStorage(with({"state.backend=filesystem", "state.checkpoints.dir=file:c/d"}))
          .error()
          .text(),
      HasSubstr("'file:c/d' is not absolute"));
}

TEST(ResolveTest, NewerNamesChooseTheSameStorage) {
  EXPECT_EQ(resolveCheckpointStorage(
                with({"state.backend.type=hashmap", "execution.checkpointing.dir=/c"}))
                ->storage,
            Storage::kFileSystem);
  EXPECT_EQ(resolveCheckpointStorage(with({"state.backend.type=hashmap"}))->storage,
            Storage::kJobManager);
  EXPECT_EQ(resolveCheckpointStorage(
                with({"state.checkpoint-storage=filesystem", "state.checkpoints.dir=/c"}))
                ->directory,
            "/c");
}

TEST(ResolveTest, StateInRocksDbIsStoredAsThatOfHashmapIs) {
  const auto rocks = with({"state.backend=RocksDB", "state.checkpoints.dir=/c"});
  EXPECT_EQ(resolveCheckpointStorage(rocks)->storage, Storage::kFileSystem);
  EXPECT_TRUE(keepsStateInRocksDb(rocks));
  EXPECT_EQ(resolveCheckpointStorage(with({"state.backend=rocksdb"}))->storage,
            Storage::kJobManager);
  EXPECT_FALSE(keepsStateInRocksDb(with({"state.backend=hashmap"})));
  EXPECT_FALSE(keepsStateInRocksDb(Configuration()));
}

TEST(ResolveTest, HeartbeatsOfFlink10AreHonouredWhenSet) {
  using std::chrono::seconds;
  EXPECT_EQ(resolveHeartbeat(Configuration())->timeout, seconds(10));
  EXPECT_EQ(resolveHeartbeat(with({"akka.watch.heartbeat.pause=100 s"}))->timeout, seconds(100));
  EXPECT_EQ(resolveHeartbeat(with({"akka.watch.heartbeat.interval=10 s"}))->timeout, seconds(40));
  EXPECT_EQ(resolveHeartbeat(with({"heartbeat.timeout=1 s"}))->interval,
            std::chrono::milliseconds(250));
  EXPECT_FALSE(
      resolveHeartbeat(with({"heartbeat.timeout=1 s", "heartbeat.interval=1 s"})).has_value());
}

TEST(ResolveTest, RestartStrategiesAreReadWithTheirSpellings) {
  using Kind = RestartSettings::Kind;
  EXPECT_EQ(resolveRestart(Configuration()).kind, Kind::kUnset);
  EXPECT_EQ(resolveRestart(with({"restart-strategy=off"})).kind, Kind::kNone);
  EXPECT_EQ(resolveRestart(with({"restart-strategy=failure-rate"})).kind, Kind::kFailureRate);
  const auto fixed = resolveRestart(
      with({"restart-strategy.type=fixeddelay", "akka.watch.heartbeat.interval=3 s"}));
  EXPECT_EQ(fixed.kind, Kind::kFixedDelay);
  EXPECT_EQ(fixed.attempts, 1);
  EXPECT_EQ(fixed.delay, std::chrono::seconds(3));
  const auto exponential = resolveRestart(with({"restart-strategy=exponential-delay"}));
  EXPECT_EQ(exponential.initial_backoff, std::chrono::milliseconds(100));
  EXPECT_EQ(exponential.max_backoff, std::chrono::seconds(10));
  EXPECT_EQ(resolveRestart(with({"execution-retries.default=4"})).attempts, 4);
}

TEST(ResolveTest, RecoveryWithZooKeeperNeedsADirectoryOfAKnownFileSystem) {
  EXPECT_FALSE(usesZooKeeper(with({"recovery.mode=filesystem"})));
  EXPECT_FALSE(jobsOutliveJobManager(with({})));
  EXPECT_TRUE(jobsOutliveJobManager(with({"recovery.mode=ZooKeeper"})));
  const auto none = resolveZooKeeperStorage(with({"high-availability=zookeeper"}));
  ASSERT_FALSE(none.has_value());
  EXPECT_THAT(none.error().text(), HasSubstr("needs recovery.zookeeper.storageDir"));
  EXPECT_FALSE(
      resolveZooKeeperStorage(with({"recovery.zookeeper.storageDir=ftp://h/ha"})).has_value());
  EXPECT_EQ(*resolveZooKeeperStorage(with({"high-availability.storageDir=hdfs:///ha"})),
            "hdfs:///ha");
}

TEST(ResolveTest, PortsOfAJobManagerMayBeAListWhereOthersLearnWhichOneItIs) {
  using Ports = std::vector<int>;
  EXPECT_EQ(*resolveJobManagerPorts(with({"recovery.jobmanager.port=7-9"})), Ports{6123});
  const std::string mode = "recovery.mode=zookeeper";
  EXPECT_EQ(*resolveJobManagerPorts(with({mode, "jobmanager.rpc.port=6200"})), (Ports{6200, 0}));
  EXPECT_EQ(*resolveJobManagerPorts(with({mode, "high-availability.jobmanager.port=50-52, 60"})),
            (Ports{50, 51, 52, 60}));
  EXPECT_EQ(*resolveJobManagerPorts(with({mode, "recovery.jobmanager.port=0"})), Ports{0});
  for (const char* wrong : {"x", "9-7", "1,", "0-5", "65536"}) {
    const auto ports =
        resolveJobManagerPorts(with({mode, std::string("recovery.jobmanager.port=") + wrong}));
    ASSERT_FALSE(ports.has_value()) << wrong;
    EXPECT_THAT(ports.error().text(), HasSubstr("recovery.jobmanager.port"));
  }
}

}  // namespace
}  // namespace weir::config
