#include "jobmanager/rpc/session.h"

#include <utility>

#include "common/base/overloaded.h"
#include "common/base/text.h"
#include "common/rpc/status.h"
#include "common/runtime/deployment_size.h"
#include "common/telemetry/log.h"
#include "common/wire/adoption.h"
#include "common/wire/deployment.h"
#include "common/wire/messages.h"

namespace weir::jobmanager {

namespace {

// A task manager that stops in order says so before its connection ends.
constexpr const char* kGone =
    "its connection ended without a farewell (it was killed or has crashed, or its machine or the "
    "network is down)";

}  // namespace

std::shared_ptr<Session> Session::start(DispatcherGateway& dispatcher,
                                        grpc::CallbackServerContext& context,
                                        v1::Registered registered,
                                        Bounds bounds) {
  auto session =
      std::make_shared<Session>(dispatcher, context, std::move(registered), std::move(bounds));
  session->self_ = session;
  session->StartRead(&session->incoming_);
  return session;
}

Session::Session(DispatcherGateway& dispatcher,
                 grpc::CallbackServerContext& context,
                 v1::Registered registered,
                 Bounds bounds)
    : dispatcher_(dispatcher),
      registered_(std::move(registered)),
      bounds_(std::move(bounds)),
      outbox_(bounds_.most_unread),
      context_(&context) {}

void Session::send(runtime::TaskManagerOrder order) {
  v1::ToTaskManager message = wire::toProto(order);
  std::visit(
      Overloaded{[&](const runtime::Deployment& one) { sendWork(one, std::move(message)); },
                 [&](const runtime::DiscardHandles& one) { sendWork(one, std::move(message)); },
                 [&](const auto&) { push(std::move(message)); }},
      order);
}

/// The connection would break over a message that is too large, and the task manager be lost with
/// all its other jobs.
template <typename Work>
void Session::sendWork(const Work& work, v1::ToTaskManager message) {
  const std::uint64_t bytes = message.ByteSizeLong();
  if (bytes > bounds_.most_deployment) {
    const std::string bound = "the " + std::to_string(bounds_.most_deployment) +
                              " that jobmanager.max-deployment-size allows";
    refuseDeployment(
        work.execution,
        [&](const std::string& host) {
          return runtime::deploymentTooLarge(work, host, bytes, bound);
        },
        true);
  } else if (outbox_.push(std::move(message)) == Outbox<v1::ToTaskManager>::Push::kFull) {
    refuseDeployment(
        work.execution,
        [&](const std::string& host) {
          return "the task manager on " + host + " has not read the " +
                 std::to_string(bounds_.most_unread) + " bytes that wait for it; job " +
                 work.execution.job.hex() + " is not deployed there";
        },
        false);
  } else {
    proceed();
  }
}

void Session::refuseDeployment(const runtime::ExecutionId& execution,
                               const std::function<std::string(const std::string&)>& why,
                               bool for_good) {
  std::optional<TaskManagerId> id;
  std::string host;
  {
    const std::lock_guard lock(mutex_);
    id = id_;
    host = host_;
  }
  if (id) {
    runtime::WorkerExited refused;
    refused.execution = execution;
    refused.cause = why(host);
    refused.unrecoverable = for_good;
    dispatcher_.report(*id, this, std::move(refused));
  }
}

void Session::heard(std::uint64_t heartbeat) {
  v1::ToTaskManager message;
  message.mutable_ping()->set_heartbeat(heartbeat);
  push(std::move(message));
}

void Session::adopt(const runtime::ExecutionId& execution) {
  v1::ToTaskManager message;
  *message.mutable_adopt() = wire::toProto(execution);
  push(std::move(message));
}

void Session::giveUp(const runtime::ExecutionId& execution) {
  v1::ToTaskManager message;
  *message.mutable_give_up() = wire::toProto(execution);
  push(std::move(message));
}

void Session::close(const std::string& reason) { refuse(reason, true); }

void Session::leave(const std::string& reason) { refuse(reason, true, true); }

void Session::ping(std::uint64_t sequence) {
  bool silent = false;
  {
    const std::lock_guard lock(mutex_);
    if (pings_since_end_ >= 0 && ++pings_since_end_ > 1 && context_ != nullptr) {
      context_->TryCancel();
      return;
    }
    if (!id_ && (pings_since_end_ >= 0 || --bounds_.most_beats >= 0)) {
      return;  // Its first message is the answer to its registration.
    }
    silent = !id_;
  }
  if (silent) {
    refuse("no registration came within jobmanager.rpc.silence-timeout", true);
    return;
  }
  v1::ToTaskManager message;
  message.mutable_ping()->set_sequence(sequence);
  push(std::move(message));
}

void Session::refuse(const std::string& reason, bool retry, bool adoptable) {
  v1::ToTaskManager message;
  message.mutable_refused()->set_reason(reason);
  message.mutable_refused()->set_retry(retry);
  message.mutable_refused()->set_adoptable(adoptable);
  outbox_.push(std::move(message));
  {
    const std::lock_guard lock(mutex_);
    pings_since_end_ = std::max(pings_since_end_, 0);
  }
  const ErrorCode code = retry ? ErrorCode::kUnavailable : ErrorCode::kFailedPrecondition;
  outbox_.end(rpc::toGrpc(Error(code, reason)), false);
  proceed();
}

void Session::OnReadDone(bool read) {
  if (!read) {
    abandon(kGone);
    return;
  }
  if (!id_) {
    if (!incoming_.has_registration()) {
      refuse("the first message of a session is a registration", false);
      return;
    }
    enroll(incoming_.registration());
  } else if (incoming_.has_farewell()) {
    lose(cutText(incoming_.farewell().reason(), kMostLoggedBytes));
  } else if (incoming_.has_told()) {
    if (const auto execution = wire::fromProto(incoming_.told())) {
      dispatcher_.told(*id_, this, *execution);
    }
  } else if (auto report = wire::fromProto(incoming_); report.has_value()) {
    dispatcher_.report(*id_, this, *std::move(report));
  } else {
    log::error("message of a task manager dropped",
               {{"task_manager", id_->hex()},
                {"cause", cutText(report.error().text(), kMostLoggedBytes)}});
  }
  StartRead(&incoming_);
}

void Session::enroll(const v1::Registration& message) {
  auto registration = wire::fromProto(message);
  auto holdings = wire::holdingsOf(message);
  if (!registration.has_value() || !holdings.has_value()) {
    refuse((registration ? holdings.error() : registration.error()).text(), false);
    return;
  }
  {
    const std::lock_guard lock(mutex_);  // Work may be sent from now on, and be refused.
    host_ = registration->host;
    id_ = registration->id;  // Written here only, by the reading side, which may read it without.
  }
  dispatcher_.registerTaskManager(
      *std::move(registration),
      *std::move(holdings),
      shared_from_this(),
      [session = shared_from_this()](const Result<std::monostate>& done) {
        if (!done.has_value()) {
          session->refuse(done.error().text(), done.error().code() == ErrorCode::kUnavailable);
          return;
        }
        v1::ToTaskManager first;
        *first.mutable_registered() = session->registered_;
        session->outbox_.open(std::move(first));
        session->proceed();
      });
}

void Session::push(v1::ToTaskManager message) {
  if (outbox_.push(std::move(message)) == Outbox<v1::ToTaskManager>::Push::kFull) {
    abandon("it does not read its messages");
    return;
  }
  proceed();
}

void Session::proceed() {
  using Step = Outbox<v1::ToTaskManager>::Step;
  switch (outbox_.next()) {
    case Step::kWrite:
      if (bounds_.leads && !bounds_.leads()) {
        outbox_.written();
        abandon("this job manager does not lead any more");
        break;
      }
      StartWrite(&outbox_.current());
      break;
    case Step::kFinish:
      Finish(outbox_.status());
      break;
    case Step::kNothing:
      break;
  }
}

void Session::OnWriteDone(bool written) {
  outbox_.written();
  if (written) {
    proceed();
  } else {
    abandon(kGone);
  }
}

void Session::OnCancel() { abandon(kGone); }

void Session::abandon(const std::string& reason) {
  lose(reason);
  outbox_.end(grpc::Status::CANCELLED, true);
  {
    const std::lock_guard lock(mutex_);
    pings_since_end_ = std::max(pings_since_end_, 0);
    if (context_ != nullptr) {
      context_->TryCancel();  // A write that does not end would keep us for ever; reacts elsewhere.
    }
  }
  proceed();
}

void Session::lose(const std::string& reason) {
  std::optional<TaskManagerId> id;
  {
    const std::lock_guard lock(mutex_);
    if (!lost_) {
      id = id_;
    }
    lost_ = lost_ || id_.has_value();
  }
  if (id) {
    dispatcher_.taskManagerLost(*id, this, reason);
  }
}

void Session::OnDone() {
  lose("its session ended");
  {
    const std::lock_guard lock(mutex_);
    context_ = nullptr;
    bounds_.permit.reset();
  }
  const auto keep = std::move(self_);  // Ends us at the end of this call, unless shared.
}

}  // namespace weir::jobmanager
