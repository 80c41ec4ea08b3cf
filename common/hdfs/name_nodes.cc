#include "common/hdfs/name_nodes.h"

#include <algorithm>
#include <cctype>
#include <sstream>

namespace weir::hdfs {
namespace {

constexpr const char* kRpc = "dfs.namenode.rpc-address";

std::vector<std::string> listed(const std::string& text) {
  std::vector<std::string> names;
  std::istringstream stream(text);
  for (std::string name; std::getline(stream, name, ',');) {
    std::erase_if(name, [](unsigned char c) { return std::isspace(c) != 0; });
    if (!name.empty()) {
      names.push_back(name);
    }
  }
  return names;
}

std::string hostOf(const std::string& address) {
  const std::size_t colon = address.rfind(':');
  return colon == std::string::npos || address.ends_with(']') ? address : address.substr(0, colon);
}

/// How this cluster is reached by HTTP.
struct Web {
  explicit Web(const HadoopConfiguration& from)
      : configuration(from), secure(from.get("dfs.http.policy") == "HTTPS_ONLY") {}

  std::string url(const std::string& address) const {
    return (secure ? "https://" : "http://") + address;
  }
  /// The name node whose keys end so (".ns.nn1", or nothing) and which is on `host` as far as its
  /// own keys do not say so.
  std::string addressOf(const std::string& suffix, const std::string& host) const {
    const std::string key =
        std::string("dfs.namenode.") + (secure ? "https-address" : "http-address");
    std::string address = configuration.get(key + suffix);
    std::string its_host = host;
    if (const std::string rpc = configuration.get(kRpc + suffix); its_host.empty()) {
      its_host = hostOf(rpc);
    }
    if (address.empty() && !its_host.empty()) {
      address = its_host + (secure ? ":9871" : ":9870");
    } else if (hostOf(address) == "0.0.0.0" && !its_host.empty()) {
      address = its_host + address.substr(address.rfind(':'));
    }
    return address.empty() ? "" : url(address);
  }

  const HadoopConfiguration& configuration;
  const bool secure;
};

Result<std::vector<std::string>> ofNameService(const std::string& service, const Web& web) {
  const std::vector<std::string> ids = listed(web.configuration.get("dfs.ha.namenodes." + service));
  std::vector<std::string> addresses;
  if (ids.empty()) {
    addresses.push_back(web.addressOf("." + service, ""));
  }
  for (const std::string& id : ids) {
    addresses.push_back(web.addressOf("." + service + "." + id, ""));
  }
  std::erase(addresses, "");
  if (addresses.empty()) {
    return Error(ErrorCode::kInvalidArgument,
                 "no name node of the name service '" + service + "' is known")
        .advise("set dfs.ha.namenodes." + service + " and dfs.namenode.http-address." + service +
                ".* in hdfs-site.xml");
  }
  return addresses;
}

/// Of "host[:port]", where the port is that of RPC, whose keys tell the one of HTTP.
std::string ofHost(const std::string& authority, const Web& web) {
  for (const auto& [suffix, address] : web.configuration.startingWith(kRpc)) {
    if (address == authority) {
      return web.addressOf(suffix, hostOf(authority));
    }
  }
  const std::string fallback = web.configuration.get("fs.defaultFS");
  const std::string key = web.secure ? "dfs.namenode.https-address" : "dfs.namenode.http-address";
  const std::string own = hostOf(web.configuration.get(key));
  const bool configured =
      fallback == "hdfs://" + authority || fallback == "hdfs://" + authority + "/";
  if (configured || own == hostOf(authority)) {
    return web.addressOf("", hostOf(authority));
  }
  return web.url(hostOf(authority) + (web.secure ? ":9871" : ":9870"));
}

}  // namespace

Result<NameNodes> nameNodesOf(const fs::Location& location,
                              const HadoopConfiguration& configuration) {
  NameNodes found;
  found.kerberos = configuration.get("hadoop.security.authentication") == "kerberos";
  const Web web(configuration);
  std::string scheme = location.scheme();
  std::string authority = location.authority();
  if (authority.empty()) {
    const std::string fallback = configuration.get("fs.defaultFS");
    const auto parsed = fs::Location::parse(fallback + (fallback.ends_with('/') ? "" : "/"));
    if (!parsed || parsed->authority().empty() ||
        (parsed->scheme() != "hdfs" && parsed->scheme() != "webhdfs")) {
      return Error(ErrorCode::kInvalidArgument,
                   "the path " + location.uri() +
                       " names no host, and no core-site.xml sets fs.defaultFS to an hdfs: one")
          .advise(
              "write hdfs://host:port/dir, or set fs.hdfs.hadoopconf or HADOOP_CONF_DIR to the "
              "directory of core-site.xml");
    }
    scheme = parsed->scheme();
    authority = parsed->authority();
  }
  if (scheme == "webhdfs") {
    found.addresses = {web.url(authority)};
    return found;
  }
  const auto services = listed(configuration.get("dfs.nameservices"));
  if (std::ranges::find(services, authority) != services.end()) {
    WEIR_TRY(found.addresses, ofNameService(authority, web));
    return found;
  }
  found.addresses = {ofHost(authority, web)};
  return found;
}

}  // namespace weir::hdfs
