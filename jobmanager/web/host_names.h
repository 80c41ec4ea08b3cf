#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace weir::jobmanager::web {

/// The host names that HTTP answers for: a page of another site whose name was bound to our address
/// must not read what is here. IP addresses and localhost are always served, as no such page has
/// them. Immutable.
class HostNames {
 public:
  /// `names` may have empty ones, which are left out; "*" means all.
  explicit HostNames(const std::vector<std::string>& names);

  /// Whether the value of a Host header (a port may follow) is served.
  bool contain(std::string_view host) const;

 private:
  std::set<std::string, std::less<>> names_;  // In lower case, without a dot at the end.
};

}  // namespace weir::jobmanager::web
