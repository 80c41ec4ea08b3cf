#pragma once

#include <string>
#include <string_view>

#include "jobmanager/web/http_server.h"

namespace weir::jobmanager::web {

/// What a job manager that waits as standby answers to `path`: that the one that leads is asked
/// there, at `leader`, by the same method (307, RFC 9110 section 15.4.8). `leader` is its URL
/// without a path, and empty where nobody is known to lead, or its HTTP is switched off: 503 then.
Response answerOfStandby(const std::string& leader, std::string_view path);

}  // namespace weir::jobmanager::web
