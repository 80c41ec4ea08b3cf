#include "taskmanager/daemon/session/orders.h"

#include <cstdint>
#include <memory>
#include <utility>

#include "cluster.pb.h"
#include "common/wire/adoption.h"
#include "common/wire/deployment.h"
#include "common/wire/messages.h"

namespace weir::taskmanager {

using Heard = std::function<void(JobManagerLink::Listener&)>;

Result<Heard> hear(const v1::ToTaskManager& message) {
  if (message.has_ping()) {
    return Heard([heartbeat = message.ping().heartbeat()](JobManagerLink::Listener& to) {
      if (heartbeat != 0) {
        to.onHeard(heartbeat);
      }
    });
  }
  if (message.has_adopt() || message.has_give_up()) {
    const bool adopted = message.has_adopt();
    WEIR_TRY(const auto execution, wire::fromProto(adopted ? message.adopt() : message.give_up()));
    return Heard([adopted, execution](JobManagerLink::Listener& to) {
      adopted ? to.onAdopt(execution) : to.onGiveUp(execution);
    });
  }
  WEIR_TRY(runtime::TaskManagerOrder order, wire::fromProto(message));
  // Shared with nobody: std::function wants copyable captures.
  return Heard([shared = std::make_shared<runtime::TaskManagerOrder>(std::move(order))](
                   JobManagerLink::Listener& to) { to.onOrder(std::move(*shared)); });
}

std::optional<runtime::WorkerExited> refusalOf(const v1::ToTaskManager& message, const Error& why) {
  if (!message.has_deployment()) {
    return std::nullopt;
  }
  const auto execution = wire::fromProto(message.deployment().execution());
  if (!execution) {
    return std::nullopt;
  }
  return runtime::WorkerExited{*execution,
                               false,
                               "the deployment of job " + execution->job.hex() +
                                   " cannot be read by its task manager: " + why.text(),
                               true};
}

}  // namespace weir::taskmanager
