#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "common/schema/check_phase.h"
#include "common/schema/key_group.h"
#include "common/state/keyed_backend.h"
#include "common/state/section.h"

namespace weir::state {

/// Something in a snapshot that a program cannot take back.
struct Misfit {
  std::string state;                       ///< Empty when it is about no state in particular.
  std::optional<std::uint32_t> key_group;  ///< Of the first entry that it is true of.
  std::string what;                        ///< One sentence.
  std::uint64_t entries = 0;               ///< Of how many entries it is true; 0: about none.
  bool noted = false;                      ///< No misfit, but state that is left out.
};

/// Hears how the check of an operator's state gets on. On the thread of the check.
class CheckListener {
 public:
  virtual ~CheckListener() = default;
  /// Calls `step` and takes down what it throws or answers; says whether it went well. `state` is
  /// what the step is about, or empty.
  virtual bool attempt(CheckPhase phase,
                       std::string_view state,
                       const std::function<Status()>& step) = 0;
  /// What follows is about what this old subtask has written; nothing: about none.
  virtual void reads(std::optional<std::uint32_t> old_subtask) = 0;
  /// Where the step that is about to throw was.
  virtual void at(std::uint32_t key_group) = 0;
  virtual void misfit(Misfit misfit) = 0;
  /// So much more of `state` was read; said often.
  virtual void progress(std::string_view state, std::uint64_t entries, std::uint64_t bytes) = 0;
};

/// Reads keyed state as KeyedBackend::restore() does, and keeps none of it: every entry is decoded,
/// migrated if need be, held against its key group, and dropped. So it takes the memory of one
/// entry, however large the state is. All that does not fit goes to the listener.
class KeyedCheck {
 public:
  /// The backend has its states; those from the column `declared` on were asked for in open().
  KeyedCheck(KeyedBackend& backend, CheckListener& listener, std::size_t declared)
      : backend_(backend), listener_(listener), declared_(declared) {}

  /// Whether `from` has state that no column of `backend` asks for, but for that in `dropped`.
  static bool isUnasked(KeyedBackend& backend,
                        const SectionReader& from,
                        const std::vector<std::string>& dropped);

  /// The keyed states of `from` whose key groups are in `range`, except those named in `dropped`,
  /// whose bytes are only read.
  void read(const SectionReader& from,
            KeyGroupRange range,
            const std::vector<std::string>& dropped);

  /// States that no column asks for, by name: described, with how many entries there were.
  struct Unasked {
    std::string what;
    std::uint64_t entries = 0;
  };
  const std::map<std::string, Unasked>& unasked() const { return unasked_; }

 private:
  struct Fit;
  class Entries;

  /// How the state's entries are to be read; tells of what makes that impossible.
  Fit fitOf(const SectionReader& from, const StateSummary& summary, bool dropped);
  ColumnBase* columnOf(const SectionReader& from, const StateSummary& summary, Fit& fit);
  Status readState(const SectionReader& from, std::size_t state, KeyGroupRange range, Fit& fit);
  void noteGoneMembers(const StateSummary& summary, const ColumnBase& column);

  KeyedBackend& backend_;
  CheckListener& listener_;
  std::size_t declared_;
  std::map<std::string, Unasked> unasked_;
};

}  // namespace weir::state
