#include "common/config/configuration.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "common/config/options.h"

namespace weir::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class ConfigurationTest : public testing::Test {
 protected:
  ConfigurationTest() {
    directory_ =
        std::filesystem::temp_directory_path() / ("weir-config-" + std::to_string(::getpid()));
    std::filesystem::create_directories(directory_);
  }
  ~ConfigurationTest() override { std::filesystem::remove_all(directory_); }

  std::string file() const { return (directory_ / "flink-conf.yaml").string(); }
  Result<Configuration> load(const std::string& text,
                             const std::vector<std::string>& overrides = {}) {
    std::ofstream(file()) << text;
    return Configuration::load(directory_.string(), overrides, warnings_);
  }
  std::string errorOf(const std::string& text, const std::vector<std::string>& overrides = {}) {
    const auto loaded = load(text, overrides);
    return loaded.has_value() ? "" : loaded.error().text();
  }

  std::filesystem::path directory_;
  Warnings warnings_;
};

TEST_F(ConfigurationTest, FlatAndNestedMeanTheSame) {
  const auto flat =
      load("state.backend: filesystem  # comment\nstate.backend.fs.checkpointdir: file:/chk\n");
  const auto nested = load(
      "taskmanager:\n  numberOfTaskSlots: 4\nrestart-strategy:\n  type: fixed-delay\n  "
      "fixed-delay:\n    attempts: 3\n");
  ASSERT_TRUE(flat.has_value());
  EXPECT_EQ(flat->get(kStateBackend), "filesystem");
  EXPECT_EQ(flat->get(kCheckpointDirectory), "file:/chk");
  ASSERT_TRUE(nested.has_value()) << nested.error().text();
  EXPECT_EQ(nested->get(kTaskSlots), 4);
  EXPECT_EQ(nested->get(kFixedDelayAttempts), 3);
}

TEST_F(ConfigurationTest, OverridesComeBeforeTheFileAndTheFileBeforeDefaults) {
  const auto loaded =
      load("jobmanager.rpc.port: 7000\n\nparallelism.default: 3\n", {"jobmanager.rpc.port=7001"});
  ASSERT_TRUE(loaded.has_value());
  EXPECT_EQ(loaded->get(kJobManagerRpcPort), 7001);
  EXPECT_EQ(loaded->describe(kJobManagerRpcPort).source, "-D");
  EXPECT_EQ(loaded->describe(kParallelismDefault).source, file() + ":3");
  EXPECT_EQ(loaded->describe(kWebPort).source, "default");
  EXPECT_EQ(loaded->describe(kWebPort).value, "8081");
}

TEST_F(ConfigurationTest, AWrongValueNamesKeyValuePlaceAndWhatIsAllowed) {
  EXPECT_EQ(errorOf("# first\njobmanager.rpc.port: abc\n"),
            "key 'jobmanager.rpc.port' (" + file() +
                ":2): 'abc' is not an integer; allowed: an integer, from 0 to 65535");
  EXPECT_THAT(errorOf("", {"savepoints.state.backend=hdfs"}),
              HasSubstr("(-D): 'hdfs' is not known; allowed: jobmanager or filesystem"));
  EXPECT_THAT(errorOf("state:\n  backend: memory\n"), HasSubstr(file() + ":2"));
}

TEST_F(ConfigurationTest, AnUnknownKeyNamesTheNearest) {
  EXPECT_EQ(errorOf("taskmanager.numberOfTaskSlot: 2\n"),
            "unknown key 'taskmanager.numberOfTaskSlot' (" + file() +
                ":1); the nearest known key is 'taskmanager.numberOfTaskSlots'");
  EXPECT_THAT(errorOf("", {"savepoint.state.backend=filesystem"}),
              HasSubstr("'savepoints.state.backend'"));
  EXPECT_EQ(nearestKey("savepoint"), "savepoints.state.backend");
  EXPECT_EQ(nearestKey("jobmanager.web.prot"), "jobmanager.web.port");
  EXPECT_EQ(nearestKey("savepiont"), "savepoints.state.backend");
  EXPECT_EQ(nearestKey("paralelism"), "parallelism.default");
  EXPECT_EQ(nearestKey("nosuch"), "");
  EXPECT_EQ(nearestKey("foo"), "");
  EXPECT_EQ(errorOf("foo: 1\n"),
            "unknown key 'foo' (" + file() + ":1); 'weir config' lists all keys");
}

TEST_F(ConfigurationTest, AKeyGivenTwiceIsAnErrorUnderAnyOfItsNames) {
  EXPECT_THAT(errorOf("parallelism.default: 1\nparallelism.default: 2\n"),
              HasSubstr("given twice"));
  EXPECT_THAT(errorOf("state.savepoints.dir: /a\nsavepoints.state.backend.fs.dir: /b\n"),
              HasSubstr("given twice"));
  EXPECT_THAT(errorOf("parallelism.default: 1\nparallelism:\n  default: 2\n"),
              HasSubstr("given twice"));
  EXPECT_THAT(errorOf("parallelism:\n  default: 1\nparallelism:\n  default: 2\n"),
              HasSubstr("given twice"));
}

TEST_F(ConfigurationTest, NotStrictMeansWarnings) {
  const auto loaded =
      load("config.strict: false\nfoo.bar: 1\nparallelism.default: 1\nparallelism.default: 2\n");
  ASSERT_TRUE(loaded.has_value()) << loaded.error().text();
  EXPECT_EQ(loaded->get(kParallelismDefault), 2);
  EXPECT_THAT(warnings_, ElementsAre(HasSubstr("unknown key 'foo.bar'"), HasSubstr("given twice")));
  EXPECT_THAT(errorOf("config.strict: false\nparallelism.default: x\n"),
              HasSubstr("'x' is not an integer"));
}

TEST_F(ConfigurationTest, TheShippedFileOfFlink10Starts) {
  const auto loaded = load(
      "jobmanager.rpc.address: localhost\njobmanager.rpc.port: 6123\njobmanager.heap.mb: 256\n"
      "taskmanager.heap.mb: 512\ntaskmanager.numberOfTaskSlots: 1\ntaskmanager.memory.preallocate: "
      "false\n"
      "parallelism.default: 1\njobmanager.web.port: 8081\n#jobmanager.web.submit.enable: false\n"
      "akka.ask.timeout: 20 s\nenv.java.opts: -XX:+UseG1GC -Dx=\"a: b\"\nfs.default-scheme: "
      "file:///\n");
  ASSERT_TRUE(loaded.has_value()) << loaded.error().text();
  EXPECT_EQ(loaded->get(kAskTimeout), std::chrono::seconds(20));
  EXPECT_EQ(warnings_.size(), 5U);
  EXPECT_THAT(
      warnings_[0],
      HasSubstr("'jobmanager.heap.mb' (" + file() + ":3) is ignored: it sizes or tunes a Java"));
}

TEST_F(ConfigurationTest, TheShippedFileOfANewFlinkStarts) {
  const auto loaded = load(R"(
env:
  java:
    opts:
      all: --add-exports=java.base/sun.net.util=ALL-UNNAMED
jobmanager:
  bind-host: localhost
  rpc:
    address: localhost
    port: 6123
  memory:
    process:
      size: 1600m
  execution:
    failover-strategy: region
taskmanager:
  bind-host: localhost
  host: localhost
  numberOfTaskSlots: 1
  memory:
    process:
      size: 1728m
parallelism:
  default: 1
rest:
  address: localhost
  bind-address: localhost
  port: 8081
execution:
  checkpointing:
    interval: 3min
    externalized-checkpoint-retention: DELETE_ON_CANCELLATION
    mode: EXACTLY_ONCE
    incremental: false
    dir: file:/chk
state:
  backend:
    type: hashmap
io:
  tmp:
    dirs: [/tmp, /var/tmp]
)");
  ASSERT_TRUE(loaded.has_value()) << loaded.error().text();
  EXPECT_EQ(loaded->get(kWebPort), 8081);
  EXPECT_EQ(loaded->get(kCheckpointInterval), std::chrono::minutes(3));
  EXPECT_THAT(loaded->get(kTmpDirs), ElementsAre("/tmp", "/var/tmp"));
}

TEST_F(ConfigurationTest, EverythingWrongIsListedByCheck) {
  std::ofstream(file()) << "parallelism.default: 0\nfoo: 1\njobmanager.web.port: 9000\n";
  std::vector<Error> problems;
  const auto checked = Configuration::check(file(), {"nonsense"}, warnings_, problems);
  EXPECT_EQ(problems.size(), 3U);
  EXPECT_EQ(checked.get(kWebPort), 9000);
}

TEST_F(ConfigurationTest, AFileThatIsNoneIsNamed) {
  EXPECT_THAT(Configuration::load("/nowhere/conf", {}, warnings_).error().text(),
              HasSubstr("/nowhere/conf"));
  EXPECT_THAT(Configuration::load(directory_.string(), {}, warnings_).error().text(),
              HasSubstr("has no flink-conf.yaml"));
  EXPECT_THAT(errorOf("jobmanager.rpc.port 6123\n"), HasSubstr(file() + ":"));
  EXPECT_THAT(errorOf("a: [1\nb: 2\n"), HasSubstr(file() + ":"));
}

TEST_F(ConfigurationTest, AnOverrideThatIsEmptyIsRefused) {
  EXPECT_THAT(errorOf("", {"parallelism.default="}), HasSubstr("has no value"));
  EXPECT_THAT(errorOf("", {"=1"}), HasSubstr("is not key=value"));
}

TEST_F(ConfigurationTest, AValueThatIsNotUtf8IsRefusedAndShownEscaped) {
  EXPECT_THAT(errorOf("", {"state.savepoints.dir=file:/caf\xe9"}),
              HasSubstr("(-D): 'file:/caf\\xe9' is not UTF-8"));
}

TEST_F(ConfigurationTest, AValueThatIsEmptyIsSkippedWithAWarning) {
  const auto loaded = load("parallelism.default:\n");
  ASSERT_TRUE(loaded.has_value());
  EXPECT_FALSE(loaded->isSet(kParallelismDefault));
  EXPECT_THAT(warnings_, ElementsAre(HasSubstr("has no value")));
}

TEST_F(ConfigurationTest, TravelsAsAMap) {
  const auto loaded = load("state.savepoints.dir: \"/a # b\"\n");
  ASSERT_TRUE(loaded.has_value());
  EXPECT_THAT(loaded->toMap(), ElementsAre(std::pair("savepoints.state.backend.fs.dir", "/a # b")));
  auto values = loaded->toMap();
  values["of.a.newer.version"] = "1";
  const auto arrived = Configuration::fromMap(values);
  ASSERT_TRUE(arrived.has_value());
  EXPECT_EQ(arrived->get(kSavepointDirectory), "/a # b");
  EXPECT_EQ(arrived->describe(kSavepointDirectory).source, "job");
}

TEST_F(ConfigurationTest, WhatIsAboveHidesWhatIsBelow) {
  Configuration below;
  Configuration above;
  ASSERT_TRUE(below.set("parallelism.default", "2", "below").has_value());
  ASSERT_TRUE(below.set("rest.port", "1", "below").has_value());
  ASSERT_TRUE(above.set("parallelism.default", "3", "above").has_value());
  const Configuration both = below.overlaidWith(above);
  EXPECT_EQ(both.get(kParallelismDefault), 3);
  EXPECT_EQ(both.get(kWebPort), 1);
}

TEST_F(ConfigurationTest, TheDirectoryThatWasNamedMustExist) {
  EXPECT_EQ(*findConfigDirectory(directory_.string()), directory_.string());
  EXPECT_THAT(findConfigDirectory("/nowhere").error().text(), HasSubstr("/nowhere"));
  ::setenv("WEIR_CONF_DIR", "/nowhere/else", 1);
  EXPECT_THAT(findConfigDirectory("").error().text(), HasSubstr("named by WEIR_CONF_DIR"));
  ::unsetenv("WEIR_CONF_DIR");
}

TEST_F(ConfigurationTest, AFileThatAliasesMakeEndlessIsRefused) {
  EXPECT_THAT(errorOf("a: &x\n  b: *x\n"), HasSubstr("nested too deeply"));
  std::string laughs = "top:\n  a0: &a0 {x: {}}\n";
  for (int i = 1; i < 30; ++i) {
    const std::string before = "a" + std::to_string(i - 1);
    const std::string name = "a" + std::to_string(i);
    laughs += "  " + name + ": &" + name + " {x: *" + before + ", y: *" + before + "}\n";
  }
  EXPECT_THAT(errorOf(laughs), HasSubstr("too many keys"));
}

}  // namespace
}  // namespace weir::config
