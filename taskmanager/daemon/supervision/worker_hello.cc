#include "taskmanager/daemon/supervision/worker_hello.h"

#include "common/runtime/deployment_size.h"
#include "common/wire/encoding.h"

namespace weir::taskmanager {

Status checkProtocol(const runtime::WorkerHello& hello,
                     const Assignment& assignment,
                     const WorkerSettings& settings) {
  if (hello.protocol_version >= runtime::WorkerHello::kOldestVersion &&
      hello.protocol_version <= runtime::WorkerHello::kProtocolVersion) {
    return ok();
  }
  return Error(
      ErrorCode::kInvalidArgument,
      "the program of job " + assignment.execution.job.hex() + " was built with Weir " +
          hello.version + ", whose worker protocol " + std::to_string(hello.protocol_version) +
          " the task manager on " + settings.host + " does not speak (it speaks " +
          std::to_string(runtime::WorkerHello::kOldestVersion) + " to " +
          std::to_string(runtime::WorkerHello::kProtocolVersion) + "); build it with this release");
}

std::string whyNotStopped(const runtime::WorkerHello& hello) {
  return hello.stops ? std::string()
                     : "the program was built with Weir " + hello.version +
                           ", whose sources cannot be stopped; build it with this release, or "
                           "use 'weir cancel -s'";
}

Result<std::string> encodeWork(const Work& work,
                               const runtime::WorkerHello& hello,
                               const WorkerSettings& settings) {
  const bool shared_lists = hello.protocol_version >= runtime::WorkerHello::kSharedLists;
  const auto* deployment = std::get_if<runtime::Deployment>(&work);
  std::string order;
  // Known before memory is taken for it.
  std::uint64_t bytes =
      shared_lists || deployment == nullptr ? 0 : runtime::bytesOfRepeated(deployment->restores);
  if (bytes <= settings.most_frame) {
    order = wire::encodeFor(hello.protocol_version, work);
    bytes = order.size();
  }
  if (bytes <= settings.most_frame) {
    return order;
  }
  const std::string bound = "the " + std::to_string(settings.most_frame) + " that a worker takes";
  const std::string text = std::visit(
      [&](const auto& one) {
        return runtime::deploymentTooLarge(one, settings.host, bytes, bound);
      },
      work);
  return Error(ErrorCode::kInvalidArgument,
               text + (shared_lists ? ""
                                    : "; the program was built with Weir " + hello.version +
                                          ", build it with this release"));
}

}  // namespace weir::taskmanager
