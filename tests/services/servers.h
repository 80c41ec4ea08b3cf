#pragma once

#include <chrono>
#include <cstdlib>
#include <memory>
#include <string>

#include <gtest/gtest.h>
#include <unistd.h>

#include "common/base/random.h"
#include "common/config/configuration.h"
#include "common/config/file_system_options.h"
#include "common/fs/file_systems.h"
#include "common/http/http_client.h"
#include "common/remote/remote_file_systems.h"

/// The servers that test_file_systems.py has started for these tests, and told us of by variables.
namespace weir::services {

inline std::string variable(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? "" : value;
}

inline config::Configuration configurationWith(const config::OptionInfo& option,
                                               const std::string& value,
                                               const std::string& retry_time = "60 s") {
  config::Configuration configuration;
  const auto set = [&](std::string_view key, const std::string& to) {
    EXPECT_TRUE(configuration.set(key, to, "the test").has_value()) << key;
  };
  set(config::kS3AccessKey.key, "weir");
  set(config::kS3SecretKey.key, "weirsecret");
  set(config::kTransferIdleTimeout.key, "1 s");
  set(config::kTransferRetries.key, retry_time);
  set(option.key, value);
  return configuration;
}

/// One whose paths nobody has used before.
inline std::string freshDirectory() {
  SystemRandom random;
  return "/suite-" + random.hex(12);
}

/// The proxy in front of a server (fault_proxy.py), for one test at a time.
class FaultProxy {
 public:
  explicit FaultProxy(std::string address) : address_(std::move(address)), client_({}) {
    tell("clear");
  }
  ~FaultProxy() { tell("clear"); }
  FaultProxy(const FaultProxy&) = delete;
  FaultProxy& operator=(const FaultProxy&) = delete;

  /// The next `times` requests of this method whose path and query contain `text` meet `fault`:
  /// "status:503", "lost", "short", "cut", "silent", "slow:0.5"; see fault_proxy.py.
  void plan(const std::string& fault,
            int times,
            const std::string& method,
            const std::string& text = "") {
    tell("plan?fault=" + fault + "&times=" + std::to_string(times) + "&method=" + method +
         "&text=" + text);
  }
  /// How many requests have met a fault.
  int met() { return std::atoi(tell("met").c_str()); }
  const std::string& address() const { return address_; }

 private:
  std::string tell(const std::string& what) {
    http::Request request;
    request.url = "http://" + address_ + "/fault-proxy/" + what;
    const auto answer = client_.perform(request);
    EXPECT_TRUE(answer.has_value() && answer->isSuccess());
    return answer ? answer->body : "";
  }

  const std::string address_;
  http::HttpClient client_;
};

}  // namespace weir::services
