#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/base/ids.h"
#include "common/runtime/section_handle.h"
#include "common/schema/window_schema.h"

namespace weir::runtime {

/// One old subtask's part of an operator's state.
struct SubtaskState {
  std::uint32_t subtask = 0;
  bool finished = false;  ///< Its input had ended; it must not run or end it again.
  SectionHandle handle;
};

/// An operator that reads what another one emits.
struct OperatorConsumer {
  OperatorId id;
  std::uint32_t port = 0;
  bool operator==(const OperatorConsumer&) const = default;
};

/// An operator in a snapshot. Stateless ones are listed too (without handles), so that finished
/// flags and names survive.
struct SavedOperator {
  OperatorId id;
  std::string uid;
  std::string name;
  std::string kind;
  std::uint32_t siblings = 1;
  /// Generated ids: what stood below it (graph::structuresBelow). Earlier releases did not say.
  std::optional<Bytes16> below;
  std::vector<OperatorConsumer> consumers;  ///< For pictures of what stood around it.
  std::uint32_t parallelism = 1;
  std::uint32_t max_parallelism = 4096;
  bool fixed_parallelism_state = false;
  bool custom_handles = false;     ///< Its state is a handle that user code must discard.
  state::WindowSchema windows;     ///< That its keyed state is in. Earlier releases did not say.
  std::vector<SavedState> states;  ///< Summed over the subtasks.
  std::vector<SubtaskState> subtasks;

  std::uint64_t bytes() const {
    std::uint64_t sum = 0;
    for (const SubtaskState& subtask : subtasks) {
      sum += subtask.handle.size;
      for (const SharedFile& file : subtask.handle.shared) {
        sum += file.size;
      }
    }
    return sum;
  }
  bool hasState() const { return bytes() > 0; }
  bool holdsCustomHandles() const { return custom_handles && hasState(); }
};

/// A completed checkpoint or savepoint: all that is needed to restore it, but for the data files.
struct CheckpointMetadata {
  static constexpr std::uint32_t kVersion = 2;
  /// That is still read; written where nothing is in flight.
  static constexpr std::uint32_t kWithoutInFlight = 1;

  std::string writer;  ///< Release of Weir that wrote it.
  JobId job;
  std::string job_name;
  CheckpointId checkpoint;
  bool savepoint = false;
  std::int64_t trigger_millis = 0;
  std::int64_t duration_millis = 0;
  std::uint32_t max_parallelism = 4096;
  std::string data_directory;  ///< Absolute URI that relative locations hang under; may be empty.
  /// URI of the directory that a savepoint in files was written into; one that lies elsewhere was
  /// moved or copied. Empty for others, and for those of release 0.1.
  std::string location;
  /// A copy with all state of its own: neither the job that took the original nor anybody else owns
  /// any of it. Its state handles of users' making are the original's.
  bool exported = false;
  std::string program_hash;  ///< SHA-256 of the program that ran.
  std::vector<SavedOperator> operators;

  std::uint64_t bytes() const {
    std::uint64_t sum = 0;
    for (const SavedOperator& one : operators) {
      sum += one.bytes();
    }
    return sum;
  }
  /// Whether records that barriers had overtaken are part of it.
  bool hasInFlight() const {
    return std::ranges::any_of(operators, [](const SavedOperator& one) {
      return std::ranges::any_of(one.states, [](const SavedState& state) {
        return state.kind == state::StateKind::kInFlight;
      });
    });
  }
};

}  // namespace weir::runtime
