#include "common/client/invocation.h"

#include "common/base/utf8.h"
#include "common/config/limit_options.h"
#include "common/config/options.h"
#include "common/config/resolve.h"
#include "common/fs/uri.h"
#include "common/zookeeper/leader_finder.h"

namespace weir::client {

std::atomic<bool> interrupted = false;

namespace {

// Shared with what a client asks when its job manager goes away: one session for its life.
using Finder = std::shared_ptr<zookeeper::LeaderFinder>;

/// As ZooKeeper knows it.
Result<rpc::Address> leaderOf(const Finder& finder, Duration patience) {
  WEIR_TRY(const auto leader, finder->find(patience));
  return rpc::parseAddress(leader.rpc);
}

/// Where jobs outlive their job manager, commands do.
FailOver failOver(const Invocation& invocation, const Finder& finder) {
  constexpr std::chrono::seconds kLook(2);
  const config::Configuration& configuration = invocation.configuration;
  if (!config::jobsOutliveJobManager(configuration)) {
    return {};
  }
  FailOver over;
  over.longest = configuration.get(config::kClientFailover);
  over.waits = [&invocation](const rpc::Address& asked) {
    invocation.console.note("No job manager answers at " + asked.text() +
                            "; waiting for the next one.");
  };
  if (finder) {
    over.locate = [finder, kLook] { return leaderOf(finder, kLook); };
  }
  return over;
}

}  // namespace

Result<std::unique_ptr<JobManagerClient>> connect(const Invocation& invocation) {
  const config::Configuration& configuration = invocation.configuration;
  rpc::Address address = invocation.job_manager;
  Finder finder;
  if (config::usesZooKeeper(configuration)) {
    WEIR_TRY(auto settings, zookeeper::Settings::from(configuration));
    finder = std::make_shared<zookeeper::LeaderFinder>(std::move(settings));
  }
  if (finder && !invocation.named) {
    WEIR_TRY(address, leaderOf(finder, configuration.get(config::kLookupTimeout)));
  }
  return JobManagerClient::connect(address,
                                   config::Security::resolve(configuration),
                                   configuration.get(config::kLookupTimeout),
                                   configuration.get(config::kClientTimeout),
                                   failOver(invocation, finder));
}

Result<JobId> parseJobId(const std::string& text) {
  auto job = JobId::parse(escaped(text));  // What is escaped is no id either.
  if (!job) {
    return std::move(job).error().advise(
        "'weir list -a' shows the ids of the jobs that run or have ended last");
  }
  return job;
}

std::string savepointPath(const std::string& typed) { return fs::absolutePath(typed); }

std::uint64_t mostMetadata(const Invocation& invocation) {
  return invocation.configuration.get(config::kMaxMetadataSize).bytes;
}

int wrongUse(Console& console, const std::string& command, const std::string& why) {
  const std::string what = command.empty() ? "usage" : command;
  const std::string help = command.empty() ? "weir --help" : "weir " + command + " --help";
  console.failure(what,
                  Error(ErrorCode::kInvalidArgument, escaped(why)).advise("see '" + help + "'"));
  return kUsage;
}

}  // namespace weir::client
