#include "jobmanager/web/host_names.h"

#include <algorithm>
#include <cctype>

#include <arpa/inet.h>

namespace weir::jobmanager::web {

namespace {

std::string normal(std::string_view name) {
  if (name.ends_with('.')) {
    name.remove_suffix(1);
  }
  std::string lower(name);
  std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return std::tolower(c); });
  return lower;
}

bool isAddress(const std::string& name) {
  unsigned char bytes[16];
  return ::inet_pton(AF_INET, name.c_str(), bytes) == 1 ||
         ::inet_pton(AF_INET6, name.c_str(), bytes) == 1;
}

}  // namespace

HostNames::HostNames(const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    if (!name.empty()) {
      names_.insert(normal(name));
    }
  }
}

bool HostNames::contain(std::string_view host) const {
  if (names_.contains("*")) {
    return true;
  }
  if (host.starts_with('[')) {
    const std::size_t end = host.find(']');
    return end != std::string_view::npos && isAddress(std::string(host.substr(1, end - 1)));
  }
  const std::string name = normal(host.substr(0, host.find(':')));
  return name == "localhost" || name.ends_with(".localhost") || isAddress(name) ||
         names_.contains(name);
}

}  // namespace weir::jobmanager::web
