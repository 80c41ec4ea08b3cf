#include "taskmanager/daemon/machine.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <memory>
#include <thread>

#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/unique_fd.h"
#include "common/daemon/machine.h"
#include "common/rpc/channel.h"

namespace weir::taskmanager {

namespace {

std::string firstLine(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

std::uint64_t memoryField(const std::string& name) {
  std::ifstream file("/proc/meminfo");
  std::string line;
  while (std::getline(file, line)) {
    if (line.starts_with(name + ":")) {
      return std::strtoull(line.c_str() + name.size() + 1, nullptr, 10) * 1024;
    }
  }
  return 0;
}

std::uint64_t groupNumber(const std::string& file) {
  const std::string text = firstLine("/sys/fs/cgroup/" + file);
  return text.empty() || text == "max" ? 0 : std::strtoull(text.c_str(), nullptr, 10);
}

}  // namespace

std::uint32_t cpuCores() { return std::max(1U, std::thread::hardware_concurrency()); }

std::uint64_t physicalMemory() {
  const std::uint64_t machine = memoryField("MemTotal");
  const std::uint64_t group = groupNumber("memory.max");
  return group == 0 ? machine : std::min(machine, group);
}

std::uint64_t freeMemory() {
  const std::uint64_t machine = memoryField("MemAvailable");
  const std::uint64_t group = groupNumber("memory.max");
  const std::uint64_t used = groupNumber("memory.current");
  return group == 0 ? machine : std::min(machine, group - std::min(group, used));
}

bool isLoopback(const std::string& host) {
  return host == "localhost" || host.starts_with("127.") || host == "::1" || host == "[::1]";
}

std::string addressTowards(const std::string& host) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_DGRAM;
  addrinfo* found = nullptr;
  if (::getaddrinfo(host.c_str(), "9", &hints, &found) != 0) {
    return daemon::hostName();
  }
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owned(found, ::freeaddrinfo);
  for (const addrinfo* address = found; address != nullptr; address = address->ai_next) {
    // Connecting a datagram socket sends nothing; it only chooses the own address.
    const UniqueFd socket(::socket(address->ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    sockaddr_storage own{};
    socklen_t length = sizeof own;
    std::array<char, NI_MAXHOST> text{};
    if (socket && ::connect(socket.get(), address->ai_addr, address->ai_addrlen) == 0 &&
        ::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&own), &length) == 0 &&
        ::getnameinfo(reinterpret_cast<const sockaddr*>(&own),
                      length,
                      text.data(),
                      text.size(),
                      nullptr,
                      0,
                      NI_NUMERICHOST) == 0) {
      return text.data();
    }
  }
  return daemon::hostName();
}

std::string findLauncher() {
  std::error_code error;
  const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe", error);
  const std::filesystem::path bin = self.parent_path();
  for (const auto& candidate : {bin / "weir-launcher",
                                bin.parent_path() / "libexec" / "weir-launcher",
                                bin.parent_path() / "lib" / "weir-launcher"}) {
    if (::access(candidate.c_str(), X_OK) == 0) {
      return candidate.string();
    }
  }
  return "";
}

std::string addressTowardsAny(std::string_view servers) {
  while (!servers.empty()) {
    const std::string_view server = servers.substr(0, servers.find(','));
    servers.remove_prefix(std::min(servers.size(), server.size() + 1));
    const auto address = rpc::parseAddress(server);
    if (!address || isLoopback(address->host)) {
      continue;
    }
    if (std::string own = addressTowards(address->host); !isLoopback(own)) {
      return own;
    }
  }
  return "127.0.0.1";
}

}  // namespace weir::taskmanager
