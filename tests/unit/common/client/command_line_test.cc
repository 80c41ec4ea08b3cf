#include "common/client/command_line.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <thread>

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <nlohmann/json.hpp>
#include <sys/socket.h>
#include <unistd.h>

#include "common/client/command_table.h"
#include "common/client/job_events.h"

namespace weir::client {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

struct Outcome {
  int status = -1;
  std::string out;
  std::string err;
};

/// Runs `weir WORDS...` in this process.
Outcome weir(std::vector<std::string> words) {
  words.insert(words.begin(), "weir");
  std::vector<char*> pointers;
  for (std::string& word : words) {
    pointers.push_back(word.data());
  }
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  Outcome outcome;
  outcome.status = commandLine(static_cast<int>(pointers.size()), pointers.data());
  outcome.out = testing::internal::GetCapturedStdout();
  outcome.err = testing::internal::GetCapturedStderr();
  return outcome;
}

/// A configuration directory; its name is not UTF-8, as names of files need not be.
class CommandLineTest : public testing::Test {
 protected:
  CommandLineTest() {
    std::filesystem::create_directories(directory_);
    std::ofstream(directory_ / "flink-conf.yaml") << "parallelism.default: 3\n";
    ::setenv("WEIR_CONF_DIR", directory_.c_str(), 1);
  }
  ~CommandLineTest() override {
    ::unsetenv("WEIR_CONF_DIR");
    std::filesystem::remove_all(directory_);
  }

  std::filesystem::path directory_ =
      std::filesystem::temp_directory_path() / ("weir-caf\xe9-" + std::to_string(::getpid()));
};

TEST_F(CommandLineTest, ACommandThatIsNoneIsWrongUsageAlsoWithHelp) {
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"nosuch"}, {"nosuch", "--help"}, {"nosuch", "-h", "x"}}) {
    const Outcome outcome = weir(words);
    EXPECT_EQ(outcome.status, 2);
    EXPECT_EQ(outcome.out, "");
    EXPECT_EQ(outcome.err, "weir: usage: 'nosuch' is not a command; see 'weir --help'\n");
  }
  EXPECT_EQ(weir({"list", "--help"}).status, 0);
}

TEST_F(CommandLineTest, AMistypedCommandOptionOrKeyNamesTheNearest) {
  EXPECT_THAT(weir({"savepiont"}).err, HasSubstr("did you mean 'savepoint'?"));
  EXPECT_THAT(weir({"cancle", "--help"}).err, HasSubstr("did you mean 'cancel'?"));
  EXPECT_THAT(weir({"frobnicate"}).err, Not(HasSubstr("did you mean")));
  EXPECT_THAT(weir({"run", "--parallelsim", "2", "x"}).err,
              HasSubstr("did you mean '--parallelism'?"));
  EXPECT_THAT(weir({"cancel", "--detachd", "x"}).err, HasSubstr("did you mean '--detached'?"));
  EXPECT_THAT(weir({"config", "savepoint"}).err, HasSubstr("'savepoints.state.backend'"));
  EXPECT_THAT(weir({"config", "savepiont"}).err, HasSubstr("'savepoints.state.backend'"));
  for (const char* far : {"nosuch", "foo", "x"}) {
    EXPECT_THAT(weir({"config", far}).err, HasSubstr("; 'weir config' lists all keys\n"));
  }
  EXPECT_THAT(weir({"run", "-D", "foo=1", "x"}).err, Not(HasSubstr("nearest")));
  EXPECT_THAT(weir({"help"}).err, HasSubstr("did you mean '--help'?"));
  EXPECT_THAT(weir({"version"}).err, HasSubstr("did you mean '--version'?"));
  EXPECT_THAT(weir({"config", "chekc"}).err, HasSubstr("did you mean 'check'?"));
  EXPECT_THAT(weir({"savepoint", "lsit"}).err, HasSubstr("did you mean 'weir savepoint list'?"));
}

TEST_F(CommandLineTest, AnEmptyValueIsWrongUsage) {
  for (const std::vector<std::string>& words : {std::vector<std::string>{"run", "-p", "", "x"},
                                                {"run", "--parallelism=", "x"},
                                                {"run", "-m", "", "x"},
                                                {"run", "-s", "", "x"},
                                                {"run", "--drop", "", "x"},
                                                {"run", "--map", "", "x"},
                                                {"run", "--ship", "", "x"},
                                                {"run", "-D", "", "x"},
                                                {"run", "-D", "parallelism.default=", "x"},
                                                {"run", ""},
                                                {"run", "--", ""},
                                                {"info", "-p", "", "x"},
                                                {"list", "-m", ""},
                                                {"cancel", ""},
                                                {"cancel", "--", ""},
                                                {"cancel", "-s", "", "x"},
                                                {"stop", ""},
                                                {"stop", "-p", "", "x"},
                                                {"savepoint", ""},
                                                {"savepoint", "x", ""},
                                                {"savepoint", "-d", ""},
                                                {"config", ""},
                                                {"config", "check", ""},
                                                {""}}) {
    const Outcome outcome = weir(words);
    EXPECT_EQ(outcome.status, 2) << testing::PrintToString(words) << outcome.err;
    EXPECT_THAT(outcome.err, HasSubstr("--help'")) << testing::PrintToString(words);
  }
}

TEST_F(CommandLineTest, TwoDashesEndTheOptions) {
  EXPECT_THAT(weir({"config", "--", "parallelism.default"}).out,
              HasSubstr("parallelism.default: 3\n"));
  EXPECT_THAT(weir({"cancel", "--", "-x"}).err, HasSubstr("weir: cancel -x: "));
  EXPECT_THAT(weir({"cancel", "-s", "--", "--json", "-d"}).err, HasSubstr("weir: cancel -d: "));
  EXPECT_THAT(weir({"savepoint", "--", "-d"}).err, HasSubstr("weir: savepoint -d: "));
  EXPECT_THAT(weir({"run", "--", "/nowhere/-p"}).err, HasSubstr("/nowhere/-p"));
  EXPECT_THAT(weir({"list", "--", "-r"}).err, HasSubstr("too many arguments ('-r')"));
  for (const char* command : {"run", "info"}) {
    for (const std::vector<std::string>& options : {std::vector<std::string>{},
                                                    {"-p", "1"},
                                                    {"--parallelism=2"},
                                                    {"-D", "parallelism.default=4"}}) {
      std::vector<std::string> words = options;
      words.insert(words.begin(), command);
      words.insert(words.end(), {"--", "/nowhere/J", "fin", "-x"});
      const Outcome outcome = weir(words);
      EXPECT_EQ(outcome.status, 1) << testing::PrintToString(words);
      EXPECT_THAT(outcome.err, HasSubstr(std::string("weir: ") + command + " /nowhere/J: No such"));
    }
  }
  EXPECT_THAT(weir({"run", "--", "-x"}).err, HasSubstr("weir: run -x: No such"));
  // A value of an option, and a word of PROGRAM, end nothing.
  EXPECT_THAT(weir({"run", "-p", "--", "J"}).err, HasSubstr("not '--'"));
  EXPECT_THAT(weir({"run", "-dp", "--", "J"}).err, HasSubstr("not '--'"));
  EXPECT_THAT(weir({"run", "/nowhere/J", "--", "--json"}).out, "");
  EXPECT_THAT(weir({"run", "--json", "/nowhere/J", "--"}).out, HasSubstr("NotFound"));
  EXPECT_THAT(weir({"--", "config", "parallelism.default"}).out, HasSubstr("default: 3\n"));
}

TEST_F(CommandLineTest, WhatIsNotTakenIsSaidInWordsOfOurOwn) {
  EXPECT_THAT(weir({"run", "-p"}).err,
              HasSubstr("weir: run: '-p' takes a value, and none was given;"));
  EXPECT_THAT(weir({"list", "-m"}).err, HasSubstr("'-m' takes a value, and none was given"));
  EXPECT_THAT(weir({"run", "-p", "2", "-p", "3", "-d", "/nowhere/J"}).err,
              HasSubstr("weir: run: '-p' is given twice; give it once"));
  EXPECT_THAT(weir({"run", "-dp", "2", "-p", "3", "/nowhere/J"}).err,
              HasSubstr("weir: run: '-p' is given twice; give it once"));
  EXPECT_THAT(weir({"run", "-p2", "-p3", "/nowhere/J"}).err,
              HasSubstr("weir: run: '--parallelism' is given twice; give it once"));
  EXPECT_THAT(weir({"run", "--map", "a=b", "--map", "c=d", "-p"}).err,
              HasSubstr("'-p' takes a value, and none was given"));
  EXPECT_THAT(weir({"list", "-m", "a:1", "--jobmanager=b:2"}).err,
              HasSubstr("'--jobmanager' is given twice"));
  EXPECT_THAT(weir({"run", "-s", "/s", "--map", "a=b", "--map", "a=c", "/nowhere/J"}).err,
              HasSubstr("--map gives the state of 'a' to two operators"));
  EXPECT_THAT(weir({"run", "-s", "/s", "--map", "a=b", "--drop", "a", "/nowhere/J"}).err,
              HasSubstr("the state of 'a' is to be mapped and to be dropped"));
  EXPECT_THAT(weir({"fsck", "/s", "--older-than", "1 h"}).err,
              HasSubstr("--older-than needs --repair"));
  EXPECT_THAT(weir({"list", "extra"}).err, HasSubstr("too many arguments ('extra')"));
  EXPECT_THAT(weir({"list", "-z"}).err, HasSubstr("there is no option '-z'"));
  EXPECT_THAT(weir({"run", "-z", "J"}).err, HasSubstr("there is no option '-z'"));
  EXPECT_THAT(weir({"list", "--json=often"}).err, HasSubstr("'--json' takes no value"));
  EXPECT_THAT(weir({"stop"}).err, HasSubstr("the JOB to stop"));
  EXPECT_THAT(weir({"stop", "--drain", "x"}).err,
              AllOf(HasSubstr("weir: stop x: "), HasSubstr("is not a valid ID")));
}

TEST_F(CommandLineTest, WhatALaterReleaseWillHaveIsSaidToBeMissing) {
  for (const Command& command : commandTable()) {
    if (command.later) {
      std::istringstream name(command.name);
      const Outcome outcome =
          weir({std::istream_iterator<std::string>(name), std::istream_iterator<std::string>()});
      EXPECT_EQ(outcome.status, 2);
      EXPECT_THAT(outcome.err, HasSubstr("this release does not have '" + command.name + "' yet"));
      EXPECT_THAT(weir({"--help"}).out, Not(HasSubstr("\n  " + command.name + " ")));
      EXPECT_THAT(weir({"savepoint", "--help"}).out, Not(HasSubstr("weir " + command.name + " ")));
    }
  }
}

TEST_F(CommandLineTest, EveryCommandHasHelpAndRefusesWhatIsMissingOrTooMuch) {
  for (const Command& command : commandTable()) {
    if (command.later) {
      continue;
    }
    std::istringstream name(command.name);
    const std::vector<std::string> words{std::istream_iterator<std::string>(name),
                                         std::istream_iterator<std::string>()};
    std::vector<std::string> help = words;
    help.emplace_back("--help");
    const Outcome shown = weir(help);
    EXPECT_EQ(shown.status, 0) << command.name;
    EXPECT_THAT(shown.out, HasSubstr(command.meaning));
    EXPECT_THAT(shown.out, HasSubstr("\nUsage: weir " + command.name + " "));
    EXPECT_THAT(shown.out, HasSubstr("weir " + command.name)) << "an example";
    std::istringstream lines(shown.out);
    for (std::string line; std::getline(lines, line);) {
      EXPECT_LE(line.size(), 80U) << line;
    }
    if (!command.needs.empty()) {
      EXPECT_THAT(weir(words).err, HasSubstr(command.needs.front() + " was not given"));
    }
    if (command.most_words != kAnyNumber) {
      std::vector<std::string> more = words;
      more.insert(more.end(), command.most_words + 1, "x");
      const Outcome refused = weir(more);
      EXPECT_EQ(refused.status, 2) << command.name;
      EXPECT_THAT(refused.err, HasSubstr("too many arguments ('x')"));
    }
  }
}

TEST_F(CommandLineTest, TheListOfCommandsFitsEightyColumns) {
  std::istringstream lines(weir({"--help"}).out);
  for (std::string line; std::getline(lines, line);) {
    EXPECT_LE(line.size(), 80U) << line;
  }
}

TEST_F(CommandLineTest, AWordOfAGroupIsACommandBehindItsOptionsToo) {
  const auto none = "127.0.0.1:1";
  EXPECT_THAT(weir({"savepoint", "-m", none, "list"}).err, HasSubstr("weir: savepoint list: "));
  EXPECT_THAT(weir({"savepoint", "--json", "list", "x", "y"}).err, HasSubstr("too many arguments"));
  EXPECT_THAT(weir({"config", "-D", "parallelism.default=2", "check", "/nowhere"}).err,
              HasSubstr("weir: config check /nowhere"));
  // A thing of that name.
  EXPECT_THAT(weir({"savepoint", "-d", "list", "-m", none}).err,
              HasSubstr("dispose savepoint list"));
  EXPECT_THAT(weir({"savepoint", "-m", "list"}).err, HasSubstr("weir: savepoint: -m: 'list'"));
  EXPECT_THAT(weir({"savepoint", "--", "list"}).err, HasSubstr("is not a valid ID"));
}

TEST_F(CommandLineTest, AnOptionIsShownWithinEightyColumns) {
  const Outcome outcome = weir({"config", "jobmanager.web.allowed-hosts"});
  EXPECT_THAT(outcome.out, HasSubstr("\n  meaning: "));
  std::istringstream lines(outcome.out);
  for (std::string line; std::getline(lines, line);) {
    EXPECT_LE(line.size(), 80U) << line;
  }
}

TEST_F(CommandLineTest, TextThatIsNotUtf8EndsNothing) {
  const Outcome shown = weir({"config", "--json"});
  EXPECT_EQ(shown.status, 0) << shown.err;
  EXPECT_TRUE(nlohmann::json::accept(shown.out));
  EXPECT_EQ(weir({"config", "--json", "parallelism.default"}).status, 0);
  EXPECT_THAT(weir({"config", "parallelism.default"}).out, HasSubstr("weir-caf\\xe9-"));
  const Outcome refused = weir({"config", "--json", "-D", "state.savepoints.dir=/caf\xe9"});
  EXPECT_EQ(refused.status, 2);
  EXPECT_TRUE(nlohmann::json::accept(refused.out)) << refused.out;
  EXPECT_THAT(refused.err, HasSubstr("'/caf\\xe9' is not UTF-8"));
  const Outcome checked = weir({"config", "--json", "check", "/nowhere/caf\xe9"});
  EXPECT_EQ(checked.status, 1);
  EXPECT_TRUE(nlohmann::json::accept(checked.out)) << checked.out;
  for (const char* command : {"cancel", "savepoint", "run", "info"}) {
    const Outcome outcome = weir({command, "--json", "caf\xe9"});
    EXPECT_EQ(outcome.status, 1) << command;
    EXPECT_TRUE(nlohmann::json::accept(outcome.out)) << command << outcome.out;
  }
}

TEST_F(CommandLineTest, WhatUsersNamedForgesNoLines) {
  const Outcome outcome = weir({"cancel", "a\nweir: all is well\x1b[2J"});
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.err, HasSubstr("weir: cancel a\\nweir: all is well\\x1b[2J: 'a\\nweir: all"));
  const std::string forged = "/nowhere/a b\x1b[31m\nweir: forged";
  const std::string shown = "/nowhere/a b\\x1b[31m\\nweir: forged";
  EXPECT_EQ(weir({"run", forged}).err,
            "weir: run " + shown + ": No such file or directory; check the name\n");
  for (const std::vector<std::string>& words : {std::vector<std::string>{"info", forged},
                                                {"run", "-s", "/x", "--map", forged, "x"},
                                                {"list", "-m", forged},
                                                {"list", forged},
                                                {"list", "-D", forged},
                                                {"config", forged},
                                                {forged},
                                                {"savepoint", "-d", "/x", forged},
                                                {"config", "check", forged}}) {
    const Outcome refused = weir(words);
    EXPECT_NE(refused.status, 0);
    EXPECT_THAT(refused.err, AllOf(HasSubstr("\\nweir: forged"), Not(HasSubstr("\nweir: forged"))));
    EXPECT_THAT(refused.err, Not(HasSubstr("\n  weir: forged"))) << testing::PrintToString(words);
  }
  const runtime::TaskStateChange change{.millis = 0,
                                        .task_name = "a\nb\x1b",
                                        .subtask = 0,
                                        .parallelism = 1,
                                        .state = runtime::TaskState::kFailed,
                                        .cause = "one\nJob with JobID 0 has finished."};
  EXPECT_THAT(describeEvent(change),
              AllOf(HasSubstr("a\\nb\\x1b(1/1)"), HasSubstr("\n  one\n  Job with JobID")));
}

/// Accepts one connection after another and answers each with `answer`.
class Listener {
 public:
  explicit Listener(std::string answer) : answer_(std::move(answer)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(::bind(socket_, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(::listen(socket_, 16), 0);
    EXPECT_EQ(::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size), 0);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] {
      for (int peer = 0; (peer = ::accept(socket_, nullptr, nullptr)) >= 0; ::close(peer)) {
        char request[4096];
        if (::recv(peer, request, sizeof request, 0) > 0) {
          ::send(peer, answer_.data(), answer_.size(), MSG_NOSIGNAL);
        }
      }
    });
  }
  ~Listener() {
    ::shutdown(socket_, SHUT_RDWR);
    thread_.join();
    ::close(socket_);
  }
  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }

 private:
  const std::string answer_;
  const int socket_ = ::socket(AF_INET, SOCK_STREAM, 0);
  int port_ = 0;
  std::thread thread_;
};

TEST_F(CommandLineTest, WhoAnswersInsteadOfAJobManagerIsNamed) {
  const Listener http("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
  const Outcome outcome = weir({"list", "-m", http.address()});
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.err,
              AllOf(HasSubstr(http.address() + " answers HTTP"),
                    HasSubstr("jobmanager.rpc.port"),
                    Not(HasSubstr("nobody"))));
  const Listener other("220 mail.example ESMTP\r\n");
  EXPECT_THAT(weir({"list", "-m", other.address()}).err,
              HasSubstr("who listens at " + other.address() + " does not answer as a job manager"));
}

TEST_F(CommandLineTest, NoLineEndsInABlank) {
  for (const std::vector<std::string>& words : {std::vector<std::string>{"--help"},
                                                {"run", "--help"},
                                                {"savepoint", "--help"},
                                                {"savepoint", "list", "--help"},
                                                {"config", "--help"},
                                                {"config"},
                                                {"config", "jobmanager.bind-host"}}) {
    const Outcome outcome = weir(words);
    EXPECT_EQ(outcome.status, 0);
    EXPECT_THAT(outcome.out, Not(HasSubstr(" \n"))) << testing::PrintToString(words);
  }
}

}  // namespace
}  // namespace weir::client
