#include "taskmanager/daemon/supervision/acknowledgements.h"

#include <algorithm>
#include <utility>

#include "common/runtime/report_limits.h"
#include "common/wire/encoding.h"

namespace weir::taskmanager {

namespace {

std::string unreadable(const Error& error) {
  return "its acknowledgement cannot be read: " + error.text();
}

}  // namespace

template <typename Ack>
void Acknowledgements::decline(const Ack& ack, std::string reason) {
  reports_.send(
      runtime::CheckpointDecline{ack.execution, ack.checkpoint, ack.task, std::move(reason)});
}

void Acknowledgements::add(runtime::CheckpointStorage::Kind storage, runtime::EncodedAck ack) {
  if (storage != runtime::CheckpointStorage::Kind::kJobManager) {
    relay(std::move(ack));
    return;
  }
  auto decoded = wire::decodeAck(ack);
  if (!decoded) {
    decline(ack, unreadable(decoded.error()));
  } else if (StateUploads::bytesToMove(*decoded) == 0) {
    relay(std::move(ack));
  } else {
    moveState(*std::move(decoded));
  }
}

void Acknowledgements::moveState(runtime::CheckpointAck ack) {
  uploads_.start(std::move(ack), [this, session = session_](StateUploads::Outcome outcome) {
    events_.moved();
    if (session == session_) {
      uploaded(std::move(outcome));
    }
  });
  events_.moved();
}

void Acknowledgements::relay(runtime::EncodedAck ack) {
  if (ack.bytes.size() <= reports_.mostBytes()) {
    reports_.relay(std::move(ack));
    return;
  }
  const auto decoded = wire::decodeAck(ack);  // To say what is too large.
  decline(ack, decoded ? tooLarge(*decoded, ack.bytes.size()) : unreadable(decoded.error()));
}

void Acknowledgements::report(runtime::CheckpointAck ack) {
  const std::uint64_t bytes = runtime::bytesOf(ack);
  if (bytes <= reports_.mostBytes()) {
    reports_.send(std::move(ack));
  } else {
    decline(ack, tooLarge(ack, bytes));
  }
}

std::string Acknowledgements::tooLarge(const runtime::CheckpointAck& ack,
                                       std::uint64_t bytes) const {
  const auto largest = std::ranges::max_element(
      ack.operators, {}, [](const auto& one) { return runtime::bytesOf(one); });
  const std::string whose =
      largest == ack.operators.end()
          ? ""
          : ", most of it of operator " + events_.name_of(ack.execution, largest->id);
  return "what the metadata is to say of one task has " + std::to_string(bytes) +
         " bytes, more than the " + std::to_string(reports_.mostBytes()) +
         " that a message to the job manager takes" + whose +
         "; lower state.backend.fs.memory-threshold or keep fewer states";
}

/// Of a checkpoint that is declined or was aborted the job manager is told as well what it holds
/// already: it lets go of that.
void Acknowledgements::uploaded(StateUploads::Outcome outcome) {
  if (!outcome.status && outcome.status.error().code() != ErrorCode::kCancelled) {
    decline(outcome.ack,
            "the state of operator " + events_.name_of(outcome.ack.execution, outcome.failed) +
                " cannot be sent to the job manager: " + outcome.status.error().text());
  }
  if (outcome.status || !outcome.ack.operators.empty()) {
    report(std::move(outcome.ack));
  }
}

}  // namespace weir::taskmanager
