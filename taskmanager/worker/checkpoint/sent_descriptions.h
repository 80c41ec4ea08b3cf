#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <tuple>

#include "common/runtime/messages.h"

namespace weir::worker {

/// Which descriptions of states the job manager keeps of this attempt. Acknowledgements describe
/// the states of an operator until a checkpoint has completed with that description, and from then
/// on call it by its hash, until it is another one (a state was registered later) or a checkpoint
/// that called it so was aborted.
///
/// Lives as long as the worker, which is one attempt. Threads: any.
class SentDescriptions {
 public:
  /// `kept`: the job manager keeps them; earlier releases do not, and are sent all of them always.
  explicit SentDescriptions(bool kept) : kept_(kept) {}

  /// Takes out of an acknowledgement what the job manager has, and notes what it brings.
  void shorten(runtime::CheckpointAck& ack);
  void completed(CheckpointId checkpoint);
  void aborted(CheckpointId checkpoint);

 private:
  using Owner = std::tuple<runtime::TaskId, OperatorId>;
  using Hashes = std::map<Owner, std::uint64_t>;

  const bool kept_;
  std::mutex mutex_;
  Hashes known_;                         // To the job manager.
  std::map<CheckpointId, Hashes> sent_;  // With the newest few checkpoints, either way.
};

}  // namespace weir::worker
