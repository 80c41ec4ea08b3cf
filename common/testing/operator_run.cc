#include "common/testing/operator_run.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "common/accumulators/accumulators.h"
#include "common/functions/accumulator_registry.h"
#include "common/functions/background.h"
#include "common/schema/key_group.h"
#include "common/state/keyed_backend.h"
#include "common/testing/memory_section.h"
#include "common/testing/operator_attempt.h"

namespace weir::testing {

OperatorRun::OperatorRun(functions::OperatorFactory make, std::uint32_t ports, Connect connect)
    : make_(std::move(make)), ports_(ports), connect_(std::move(connect)) {}

OperatorRun::~OperatorRun() = default;

functions::Operator& OperatorRun::opened() {
  if (attempt_ == nullptr) {
    const Snapshot* from = restored_ ? &*restored_ : nullptr;
    auto attempt = std::make_unique<Attempt>(*this, from);
    if (from != nullptr) {
      functions::OperatorRestore restore;
      restore.key_groups =
          keyGroupRangeOf(from->subtask_, from->parallelism_, attempt->task().max_parallelism);
      restore.old_parallelism = from->old_parallelism_;
      for (const Snapshot::Part& part : from->parts_) {
        if (part.bytes != nullptr) {
          restore.sections.push_back({part.subtask, openSection(part.bytes)});
        }
      }
      throwUnlessOk(attempt->self().restore(restore));
      if (from->finished_) {
        attempt->self().setFinished();
      }
    }
    attempt->open();
    attempt_ = std::move(attempt);
    if (from != nullptr) {
      advanceTo(now_);  // Timers whose time has passed since the snapshot.
    }
  }
  return attempt_->self();
}

void OperatorRun::close() {
  if (attempt_ == nullptr) {
    return;
  }
  const auto attempt = std::move(attempt_);
  now_ = attempt->time().now();
  if (all_ended_) {
    attempt->self().notifyFinished();
  }
  attempt->close();
}

void OperatorRun::signal(std::uint32_t port, const functions::Signal& signal) {
  opened();
  attempt_->signal(port, signal);
  handOut();
}

void OperatorRun::handOut() {
  if (functions::Background* background = opened().background(); background != nullptr) {
    while (background->isReady()) {
      background->handOut();
    }
  }
}

void OperatorRun::signal(const functions::Signal& signal) {
  if (ports_ == 0) {
    opened().emit(signal);
  }
  for (std::uint32_t port = 0; port < ports_; ++port) {
    this->signal(port, signal);
  }
}

void OperatorRun::end(std::uint32_t port) {
  all_ended_ = ++ended_ == ports_;
  signal(port, functions::Watermark{functions::Watermark::kEnd});
  signal(port, functions::EndOfInput{});
}

void OperatorRun::end() {
  if (std::exchange(all_ended_, true)) {
    return;
  }
  signal(functions::Watermark{functions::Watermark::kEnd});
  signal(functions::EndOfInput{});
}

bool OperatorRun::owns(std::uint64_t key_hash) {
  opened();
  const functions::TaskInfo& task = attempt_->task();
  return keyGroupRangeOf(task.subtask, task.parallelism, task.max_parallelism)
      .contains(keyGroupOf(key_hash, task.max_parallelism));
}

std::int64_t OperatorRun::now() const {
  return attempt_ == nullptr ? now_ : attempt_->time().now();
}

void OperatorRun::advanceTo(std::int64_t time) {
  opened();
  attempt_->time().advanceTo(time);
  handOut();
}

void OperatorRun::beginAt(std::int64_t time) {
  if (attempt_ != nullptr) {
    return advanceTo(time);
  }
  now_ = time;
}

Snapshot OperatorRun::snapshot() {
  functions::Operator& self = opened();
  const CheckpointId id(++checkpoint_);
  signal(functions::Barrier{id, now()});
  Snapshot snapshot;
  snapshot.checkpoint_ = id.value();
  snapshot.subtask_ = attempt_->task().subtask;
  snapshot.parallelism_ = attempt_->task().parallelism;
  snapshot.old_parallelism_ = snapshot.parallelism_;
  snapshot.finished_ = all_ended_;
  snapshot.max_parallelism_ = max_parallelism_;
  const auto frozen = self.snapshot(id);
  snapshot.parts_.push_back(
      {snapshot.subtask_, frozen == nullptr ? nullptr : writeSection(*frozen)});
  return snapshot;
}

void OperatorRun::restore(const Snapshot& snapshot) {
  if (attempt_ != nullptr) {
    now_ = attempt_->time().now();
    attempt_.reset();  // As a task that is cancelled.
  }
  restored_ = snapshot;
  max_parallelism_ = snapshot.max_parallelism_;
  checkpoint_ = std::max(checkpoint_, snapshot.checkpoint_);
  ended_ = 0;
  all_ended_ = snapshot.finished_;
}

void OperatorRun::complete(std::uint64_t checkpoint) {
  opened().notifyCheckpointComplete(CheckpointId(checkpoint));
}

void OperatorRun::abort(std::uint64_t checkpoint) {
  opened().notifyCheckpointAborted(CheckpointId(checkpoint));
}

/// The keyed state as a snapshot would have it; null where the operator has none.
std::shared_ptr<state::SectionReader> OperatorRun::keyedState() {
  const state::KeyedBackend* backend = opened().keyedState();
  if (backend == nullptr) {
    return nullptr;
  }
  // The operator is ours, and freezing its state changes nothing that it sees.
  const auto frozen = const_cast<state::KeyedBackend*>(backend)->freeze();  // NOLINT
  return openSection(writeSection(*frozen));
}

std::uint64_t OperatorRun::entries() {
  std::uint64_t sum = 0;
  if (const auto section = keyedState()) {
    for (const state::StateSummary& one : section->states()) {
      sum += one.entries;
    }
  }
  return sum;
}

bool OperatorRun::eachEntry(const std::string& state,
                            state::StateKind kind,
                            const std::function<void(const Entry&)>& each) {
  const auto section = keyedState();
  if (section == nullptr) {
    return false;
  }
  const int index = section->find(state, kind);
  if (index < 0) {
    return false;
  }
  const auto at = static_cast<std::size_t>(index);
  const record::Schema& written = section->states()[at].value_schema;
  const std::uint32_t last = attempt_->task().max_parallelism - 1;
  throwUnlessOk(section->readKeyed(at, KeyGroupRange{0, last}, [&](const auto& entry) {
    each({entry.key, entry.name_space, entry.value, written});
    return ok();
  }));
  return true;
}

void OperatorRun::throwNoState(const std::string& state, state::StateKind kind) {
  std::string there;
  if (const state::KeyedBackend* backend = opened().keyedState()) {
    for (const auto& one : backend->columns()) {
      there += (there.empty() ? "" : ", ") + std::string(toString(one->info().kind)) + " '" +
               one->info().name + "'";
    }
  }
  throw std::invalid_argument("the function has no " + std::string(toString(kind)) + " state '" +
                              state + "'; it has " + (there.empty() ? "no keyed state" : there));
}

std::optional<std::string> OperatorRun::accumulator(const std::string& name) {
  opened();
  for (const auto& one : attempt_->accumulators().values()) {
    if (one.name == name) {
      return one.bytes;
    }
  }
  return std::nullopt;
}

}  // namespace weir::testing
