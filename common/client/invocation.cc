#include "common/client/invocation.h"

#include "common/base/utf8.h"
#include "common/config/limit_options.h"
#include "common/config/options.h"
#include "common/config/resolve.h"
#include "common/fs/uri.h"

namespace weir::client {

std::atomic<bool> interrupted = false;

namespace {

/// Where jobs outlive their job manager, commands do.
FailOver failOver(const Invocation& invocation) {
  const auto recovery = config::resolveRecovery(invocation.configuration);
  if (recovery && recovery->empty()) {
    return {};
  }
  return {invocation.configuration.get(config::kClientFailover),
          [&invocation](const rpc::Address& asked) {
            invocation.console.note("No job manager answers at " + asked.text() +
                                    "; waiting for the next one.");
          }};
}

}  // namespace

Result<std::unique_ptr<JobManagerClient>> connect(const Invocation& invocation) {
  return JobManagerClient::connect(invocation.job_manager,
                                   config::Security::resolve(invocation.configuration),
                                   invocation.configuration.get(config::kLookupTimeout),
                                   invocation.configuration.get(config::kClientTimeout),
                                   failOver(invocation));
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
