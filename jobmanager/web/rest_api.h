#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "jobmanager/dispatcher/cluster_view.h"
#include "jobmanager/web/http_server.h"

namespace weir::jobmanager::web {

/// The read-only views of Flink 1.0's web monitor, by its paths and JSON fields.
///
/// A plain function of an immutable view; knows no connection. Threads: any, one at a time.
class RestApi {
 public:
  struct Settings {
    std::string version;
    std::int64_t refresh_millis = 3000;
    /// The configuration in force, for /jobmanager/config.
    std::vector<std::pair<std::string, std::string>> configuration;
  };
  using View = std::function<std::shared_ptr<const ClusterView>()>;

  RestApi(Settings settings, View view) : settings_(std::move(settings)), view_(std::move(view)) {}

  /// 404 in text/plain for what is not there.
  Response get(std::string_view path) const;

 private:
  Response job(const ClusterView& view, const std::vector<std::string_view>& path) const;

  Settings settings_;
  View view_;
};

}  // namespace weir::jobmanager::web
