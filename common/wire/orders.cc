#include <algorithm>

#include "common/base/ids.h"
#include "common/wire/deployment.h"
#include "common/wire/fields.h"
#include "common/wire/messages.h"

namespace weir::wire {
namespace {

using fields::wrong;

v1::TriggerOrder toProto(const runtime::TriggerOrder& trigger) {
  v1::TriggerOrder to;
  *to.mutable_execution() = wire::toProto(trigger.execution);
  to.set_checkpoint(trigger.order.checkpoint.value());
  to.set_timestamp_millis(trigger.order.timestamp_millis);
  to.set_savepoint(trigger.order.savepoint);
  to.set_stop(static_cast<std::uint32_t>(trigger.order.stop));
  return to;
}

Result<runtime::TriggerOrder> fromProto(const v1::TriggerOrder& from) {
  runtime::TriggerOrder to;
  WEIR_TRY(to.execution, wire::fromProto(from.execution()));
  to.order.checkpoint = CheckpointId(from.checkpoint());
  to.order.timestamp_millis = from.timestamp_millis();
  to.order.savepoint = from.savepoint();
  if (from.stop() >= runtime::kStopModes) {
    return wrong("a trigger order", "stops in a way that is not known");
  }
  to.order.stop = static_cast<runtime::StopMode>(from.stop());
  return to;
}

v1::NotifyOrder toProto(const runtime::NotifyOrder& notify) {
  v1::NotifyOrder to;
  *to.mutable_execution() = wire::toProto(notify.execution);
  to.set_checkpoint(notify.checkpoint.value());
  to.set_completed(notify.completed);
  return to;
}

Result<runtime::NotifyOrder> fromProto(const v1::NotifyOrder& from) {
  WEIR_TRY(auto execution, wire::fromProto(from.execution()));
  return runtime::NotifyOrder{execution, CheckpointId(from.checkpoint()), from.completed()};
}

v1::ProbeOrder toProto(const runtime::ProbeOrder& probe) {
  v1::ProbeOrder to;
  to.set_id(probe.id);
  to.set_directory(probe.directory);
  to.set_expected_file(probe.expected_file);
  to.set_expected_content(probe.expected_content);
  to.set_write_file(probe.write_file);
  to.set_write_content(probe.write_content);
  return to;
}

runtime::ProbeOrder fromProto(const v1::ProbeOrder& from) {
  return {from.id(),
          from.directory(),
          from.expected_file(),
          from.expected_content(),
          from.write_file(),
          from.write_content()};
}

/// Orders that reach task managers and workers alike. Message is v1::ToTaskManager or
/// v1::WorkerOrder, whose fields are named alike.
template <typename Message>
auto commonOrders(Message& to) {
  return Overloaded{
      [&to](const runtime::Deployment& order) { *to.mutable_deployment() = wire::toProto(order); },
      [&to](const runtime::DiscardHandles& order) {
        *to.mutable_deployment() = wire::toProto(order);
      },
      [&to](const runtime::CancelOrder& order) {
        *to.mutable_cancel()->mutable_execution() = wire::toProto(order.execution);
      },
      [&to](const runtime::FinishOrder& order) {
        *to.mutable_finish()->mutable_execution() = wire::toProto(order.execution);
      },
      [&to](const runtime::TriggerOrder& order) { *to.mutable_trigger() = toProto(order); },
      [&to](const runtime::NotifyOrder& order) { *to.mutable_notify() = toProto(order); },
      [&to](const runtime::DiscardOrder& order) {
        *to.mutable_discard()->mutable_execution() = wire::toProto(order.execution);
        to.mutable_discard()->set_index(order.index);
      }};
}

template <typename Order, typename Message>
Result<Order> commonOrder(const Message& from) {
  switch (from.order_case()) {
    case Message::kDeployment: {
      if (from.deployment().discards_handles()) {
        WEIR_TRY(auto discards, wire::discardsFromProto(from.deployment()));
        return Order(std::move(discards));
      }
      WEIR_TRY(auto deployment, wire::fromProto(from.deployment()));
      return Order(std::move(deployment));
    }
    case Message::kCancel: {
      WEIR_TRY(auto execution, wire::fromProto(from.cancel().execution()));
      return Order(runtime::CancelOrder{execution});
    }
    case Message::kFinish: {
      WEIR_TRY(auto execution, wire::fromProto(from.finish().execution()));
      return Order(runtime::FinishOrder{execution});
    }
    case Message::kTrigger: {
      WEIR_TRY(auto trigger, fromProto(from.trigger()));
      return Order(std::move(trigger));
    }
    case Message::kNotify: {
      WEIR_TRY(auto notify, fromProto(from.notify()));
      return Order(notify);
    }
    case Message::kDiscard: {
      WEIR_TRY(auto execution, wire::fromProto(from.discard().execution()));
      return Order(runtime::DiscardOrder{execution, from.discard().index()});
    }
    default:
      return wrong("a message", "is no order that this release knows");
  }
}

}  // namespace

v1::ToTaskManager toProto(const runtime::TaskManagerOrder& order) {
  v1::ToTaskManager to;
  std::visit(
      Overloaded{commonOrders(to),
                 [&to](const runtime::ProbeOrder& probe) { *to.mutable_probe() = toProto(probe); },
                 [&to](const runtime::ReleaseBlobsOrder& release) {
                   to.mutable_release_blobs()->set_job(fields::bytesOf(release.job));
                 }},
      order);
  return to;
}

Result<runtime::TaskManagerOrder> fromProto(const v1::ToTaskManager& from) {
  if (from.has_probe()) {
    return runtime::TaskManagerOrder(fromProto(from.probe()));
  }
  if (from.has_release_blobs()) {
    WEIR_TRY(auto job, fields::id<JobId>("job", from.release_blobs().job()));
    return runtime::TaskManagerOrder(runtime::ReleaseBlobsOrder{job});
  }
  return commonOrder<runtime::TaskManagerOrder>(from);
}

v1::WorkerOrder toProto(const runtime::WorkerOrder& order) {
  v1::WorkerOrder to;
  std::visit(Overloaded{commonOrders(to),
                        [&to](const runtime::LeaseOrder& lease) {
                          to.mutable_lease()->set_until_nanos(lease.until_nanos);
                        },
                        [&to](const runtime::PeerConnection& peer) {
                          to.mutable_peer()->set_from_worker(peer.from_worker);
                          if (peer.token.has_value()) {
                            to.mutable_peer()->set_token(peer.token->data(), peer.token->size());
                          }
                        }},
             order);
  return to;
}

namespace {

Result<runtime::WorkerOrder> peerConnection(const v1::PeerConnection& from) {
  runtime::PeerConnection peer{from.from_worker(), std::nullopt};
  if (!from.token().empty()) {
    Bytes16& token = peer.token.emplace();
    if (from.token().size() != token.size()) {
      return fields::wrong("token of a connection", "is not of 16 bytes");
    }
    std::copy(from.token().begin(), from.token().end(), token.begin());
  }
  return runtime::WorkerOrder(peer);
}

}  // namespace

Result<runtime::WorkerOrder> fromProto(const v1::WorkerOrder& from) {
  if (from.has_peer()) {
    return peerConnection(from.peer());
  }
  if (from.has_lease()) {
    return runtime::WorkerOrder(runtime::LeaseOrder{from.lease().until_nanos()});
  }
  return commonOrder<runtime::WorkerOrder>(from);
}

}  // namespace weir::wire
