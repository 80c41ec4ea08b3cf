#include "taskmanager/daemon/supervision/acknowledgements.h"

#include <algorithm>
#include <utility>

#include "common/runtime/report_limits.h"

namespace weir::taskmanager {

void Acknowledgements::add(runtime::CheckpointStorage::Kind storage, runtime::CheckpointAck ack) {
  if (storage != runtime::CheckpointStorage::Kind::kJobManager ||
      StateUploads::bytesToMove(ack) == 0) {
    report(std::move(ack));
    return;
  }
  uploads_.start(std::move(ack), [this, session = session_](StateUploads::Outcome outcome) {
    events_.moved();
    if (session == session_) {
      uploaded(std::move(outcome));
    }
  });
  events_.moved();
}

void Acknowledgements::report(runtime::CheckpointAck ack) {
  const std::uint64_t bytes = runtime::bytesOf(ack);
  const std::uint64_t most = reports_.mostBytes();
  if (bytes <= most) {
    reports_.send(std::move(ack));
    return;
  }
  const auto largest = std::ranges::max_element(
      ack.operators, {}, [](const auto& one) { return runtime::bytesOf(one); });
  decline(ack,
          "what the metadata is to say of one task has " + std::to_string(bytes) +
              " bytes, more than the " + std::to_string(most) +
              " that a message to the job manager takes, most of it of operator " +
              events_.name_of(ack.execution, largest->id) +
              "; lower state.backend.fs.memory-threshold or keep fewer states");
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

void Acknowledgements::decline(const runtime::CheckpointAck& ack, std::string reason) {
  reports_.send(
      runtime::CheckpointDecline{ack.execution, ack.checkpoint, ack.task, std::move(reason)});
}

}  // namespace weir::taskmanager
