#pragma once

#include <string>

#include "common/base/result.h"
#include "common/runtime/messages.h"

namespace weir::jobmanager {

/// kFailedPrecondition when a task manager speaks another protocol than this job manager.
inline Status checkProtocol(const runtime::Registration& registration) {
  using runtime::Registration;
  if (registration.protocol_version == Registration::kProtocolVersion) {
    return ok();
  }
  return Error(ErrorCode::kFailedPrecondition,
               "task manager on " + registration.host + " speaks protocol version " +
                   std::to_string(registration.protocol_version) + ", this job manager version " +
                   std::to_string(Registration::kProtocolVersion))
      .advise("install the same release of Weir on both");
}

}  // namespace weir::jobmanager
