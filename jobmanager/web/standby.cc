#include "jobmanager/web/standby.h"

namespace weir::jobmanager::web {

Response answerOfStandby(const std::string& leader, std::string_view path) {
  if (!path.starts_with('/')) {
    // Behind a URL it could become part of the host.
    return {400, "text/plain", "a path that begins with / is asked for here\n"};
  }
  if (leader.empty()) {
    return {503,
            "text/plain",
            "this job manager waits as standby, and where another one that leads answers HTTP is "
            "not known; ask again in a moment\n"};
  }
  Response response{307, "text/plain", "another job manager leads: " + leader + "\n"};
  response.location = leader + std::string(path);
  return response;
}

}  // namespace weir::jobmanager::web
