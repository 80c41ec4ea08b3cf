#include "common/zookeeper/settings.h"

#include <algorithm>
#include <cctype>
#include <set>
#include <string_view>
#include <vector>

#include "common/config/zookeeper_options.h"

namespace weir::zookeeper {
namespace {

constexpr const char* kDefaultPort = "2181";

Error wrong(const config::Configuration& configuration,
            const config::OptionInfo& option,
            const std::string& problem) {
  return {ErrorCode::kInvalidArgument,
          "key '" + std::string(option.key) + "' (" + configuration.describe(option).source +
              "): " + problem};
}

std::string trimmed(std::string_view text) {
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.front())) != 0) {
    text.remove_prefix(1);
  }
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back())) != 0) {
    text.remove_suffix(1);
  }
  return std::string(text);
}

std::vector<std::string> split(std::string_view text, char at) {
  std::vector<std::string> parts;
  for (std::size_t from = 0; from <= text.size();) {
    const std::size_t end = std::min(text.find(at, from), text.size());
    parts.push_back(trimmed(text.substr(from, end - from)));
    from = end + 1;
  }
  return parts;
}

bool isPort(std::string_view text) {
  if (text.empty() || text.size() > 5 ||
      !std::ranges::all_of(text, [](unsigned char c) { return std::isdigit(c) != 0; })) {
    return false;
  }
  const int port = std::stoi(std::string(text));
  return port > 0 && port <= 65535;
}

/// "host:port" of "host" or "host:port"; empty for what is neither.
std::string serverOf(const std::string& text) {
  const bool bracketed = text.starts_with('[');
  const std::size_t host_end = bracketed ? text.find(']') : std::min(text.find(':'), text.size());
  if (host_end == std::string::npos || host_end == 0 ||
      text.find_first_of("/ \t@") != std::string::npos) {
    return "";
  }
  const std::size_t colon = bracketed ? host_end + 1 : host_end;
  if (colon == text.size()) {
    return text + ":" + kDefaultPort;
  }
  return text[colon] == ':' && isPort(text.substr(colon + 1)) ? text : "";
}

Result<std::string> quorumOf(const config::Configuration& configuration) {
  const std::string text = trimmed(configuration.get(config::kZooKeeperQuorum));
  if (text.empty()) {
    return wrong(configuration,
                 config::kZooKeeperQuorum,
                 "is not set, and recovery.mode: zookeeper needs it")
        .advise("write the servers of the ensemble as host:port,host:port");
  }
  std::string quorum;
  for (const std::string& one : split(text, ',')) {
    const std::string server = serverOf(one);
    if (server.empty()) {
      return wrong(configuration,
                   config::kZooKeeperQuorum,
                   "'" + text + "' has '" + one + "' where a server belongs")
          .advise("write host:port,host:port; a node that all others lie below is named with " +
                  std::string(config::kZooKeeperRoot.key));
    }
    quorum += (quorum.empty() ? "" : ",") + server;
  }
  return quorum;
}

/// "/a/b" of "/a/b/" and "a/b"; empty for "/".
Result<std::string> pathOf(const config::Configuration& configuration,
                           const config::Option<std::string>& option) {
  const std::string text = trimmed(configuration.get(option));
  std::string path;
  for (const std::string& part : split(text, '/')) {
    const bool printable =
        std::ranges::all_of(part, [](unsigned char c) { return c > 0x20 && c != 0x7F; });
    if (part == "." || part == ".." || !printable || (path.empty() && part == "zookeeper")) {
      return wrong(configuration, option, "'" + text + "' is no path that ZooKeeper takes")
          .advise("write a path such as " +
                  std::string(option.fallback.empty() ? "/cluster-one" : option.fallback));
    }
    path += part.empty() ? "" : "/" + part;
  }
  return path;
}

Result<std::string> nodeOf(const config::Configuration& configuration,
                           const config::Option<std::string>& option,
                           const std::string& root) {
  WEIR_TRY(const std::string path, pathOf(configuration, option));
  if (path.empty() || path.find('/', 1) != std::string::npos) {
    return wrong(configuration, option, "'" + configuration.get(option) + "' is no single name")
        .advise("write a name such as " + std::string(option.fallback));
  }
  return root + path;
}

}  // namespace

Result<Settings> Settings::from(const config::Configuration& configuration) {
  Settings settings;
  WEIR_TRY(settings.quorum, quorumOf(configuration));
  WEIR_TRY(const std::string root, pathOf(configuration, config::kZooKeeperRoot));
  WEIR_TRY(const std::string below, pathOf(configuration, config::kZooKeeperNamespace));
  settings.root = root + below;
  if (settings.root.empty()) {
    return wrong(configuration, config::kZooKeeperRoot, "'/' is the root of everybody's nodes")
        .advise("write a path such as /flink");
  }
  WEIR_TRY(settings.latch, nodeOf(configuration, config::kZooKeeperLatch, settings.root));
  WEIR_TRY(settings.leader, nodeOf(configuration, config::kZooKeeperLeader, settings.root));
  WEIR_TRY(settings.jobs, nodeOf(configuration, config::kZooKeeperJobs, settings.root));
  WEIR_TRY(settings.checkpoints,
           nodeOf(configuration, config::kZooKeeperCheckpoints, settings.root));
  const std::set<std::string> nodes{settings.latch,
                                    settings.leader,
                                    settings.jobs,
                                    settings.checkpoints,
                                    settings.root + "/term",
                                    settings.root + "/operations"};
  if (nodes.size() < 6) {
    return Error(
        ErrorCode::kInvalidArgument,
        "two of the keys recovery.zookeeper.path.latch, .leader, .jobgraphs and "
        ".checkpoints name the same node, or /term or /operations, which have their own use");
  }
  settings.session_timeout = configuration.get(config::kZooKeeperSessionTimeout);
  settings.connection_timeout = configuration.get(config::kZooKeeperConnectionTimeout);
  settings.retry_wait = configuration.get(config::kZooKeeperRetryWait);
  settings.retries = static_cast<int>(configuration.get(config::kZooKeeperRetries));
  return settings;
}

}  // namespace weir::zookeeper
