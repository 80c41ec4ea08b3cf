#include "common/snapshot/mark_holder.h"

#include <array>
#include <cctype>
#include <cerrno>
#include <csignal>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string_view>
#include <vector>

#include <unistd.h>

namespace weir::snapshot {
namespace {

/// Before the number of a process whose jobs go on without it: no number then, for every reader.
constexpr std::string_view kJobsGoOn = "jobs-go-on:";

std::string wholeOf(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

/// Host, boot and process namespace: a number of a process means nothing elsewhere.
std::string placeOfNumbers() {
  std::array<char, 256> host{};
  ::gethostname(host.data(), host.size() - 1);
  std::array<char, 256> space{};
  static_cast<void>(::readlink("/proc/self/ns/pid", space.data(), space.size() - 1));
  std::string place = std::string(host.data()) + "/" + wholeOf("/proc/sys/kernel/random/boot_id") +
                      "/" + space.data();
  std::erase_if(place, [](unsigned char c) { return std::isspace(c) != 0; });
  return place;
}

/// When it was started, in ticks since the boot; empty when that cannot be seen.
std::string startOf(const std::string& process) {
  const std::string stat = wholeOf("/proc/" + process + "/stat");
  const std::size_t name_end = stat.rfind(')');
  if (name_end == std::string::npos) {
    return {};
  }
  std::istringstream fields(stat.substr(name_end + 1));
  const std::vector<std::string> words{std::istream_iterator<std::string>(fields), {}};
  constexpr std::size_t kState = 0;   // Behind the name; the third of all.
  constexpr std::size_t kStart = 19;  // The 22nd of all.
  if (words.size() <= kStart) {
    return {};
  }
  return words[kState] == "Z" || words[kState] == "X" ? "dead" : words[kStart];
}

}  // namespace

std::string ownHolder(bool jobs_go_on) {
  const std::string process = std::to_string(::getpid());
  const std::string before(jobs_go_on ? kJobsGoOn : "");
  return placeOfNumbers() + " " + before + process + " " + startOf(process);
}

std::string describeHolder(const std::string& holder) {
  std::istringstream fields(holder);
  std::string place;
  std::string process;
  fields >> place >> process;
  if (process.starts_with(kJobsGoOn)) {
    process.erase(0, kJobsGoOn.size());
  }
  return process.empty() ? "an unknown process"
                         : "process " + process + " on host " + place.substr(0, place.find('/'));
}

bool isHolderGone(const std::string& holder) {
  std::istringstream fields(holder);
  std::string place;
  std::string process;
  std::string start;
  fields >> place >> process >> start;
  const bool number = !process.empty() && process.size() < 10 &&
                      process.find_first_not_of("0123456789") == std::string::npos;
  if (start.empty() || !number || place != placeOfNumbers()) {
    return false;
  }
  if (::kill(static_cast<pid_t>(std::stoi(process)), 0) != 0 && errno == ESRCH) {
    return true;
  }
  const std::string now = startOf(process);
  return !now.empty() && now != start;
}

}  // namespace weir::snapshot
