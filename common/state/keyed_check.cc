#include "common/state/keyed_check.h"

#include <algorithm>
#include <utility>

#include "common/schema/schema_match.h"
#include "common/state/cell_decoder.h"
#include "common/state/entry_digest.h"
#include "common/state/group_check.h"
#include "common/state/operator_state.h"

namespace weir::state {

/// How the entries of one state of a section are read.
struct KeyedCheck::Fit {
  bool decode_keys = true;
  bool migrate_keys = false;
  ColumnBase* column = nullptr;  // Null: values are only read.
  bool migrate = false;
};

/// Entries of one state on their way through. What does not fit is counted, and told once.
class KeyedCheck::Entries {
 public:
  Entries(KeyedBackend& backend,
          CheckListener& listener,
          const SectionReader& from,
          std::size_t state,
          KeyGroupRange range,
          Fit& fit)
      : backend_(backend),
        listener_(listener),
        summary_(from.states()[state]),
        fit_(fit),
        hash_(summary_.key_schema, summary_.value_schema),
        digests_(from, state, range) {
    if (fit_.column != nullptr) {
      decoder_.emplace(*fit_.column, summary_.value_schema, fit_.migrate);
    }
  }

  Status take(const SectionReader::Entry& entry) {
    ++entries_;
    bytes_ += entry.key.size() + entry.name_space.size() + entry.value.size();
    if ((entries_ & kTellMask) == 0 || bytes_ > kTellBytes) {
      tell();
    }
    group_ = entry.key_group;
    takeKey(entry);
    std::string_view value = entry.value;
    if (fit_.column != nullptr) {
      value = takeValue(entry);
    }
    return digests_.add(entry.key_group, hash_.of(entry.key, entry.name_space, value));
  }
  /// All have come: whether they are those that were written.
  Status finish() const { return digests_.finish(); }

  /// At the end, however it came.
  void settle() {
    tell();
    if (fit_.column != nullptr) {
      fit_.column->erase(kScratch);
    }
    values_.tell(listener_, summary_.name);
    keys_.tell(listener_, summary_.name);
    groups_.tell(listener_, summary_.name);
  }
  std::uint32_t group() const { return group_; }

 private:
  static constexpr Slot kScratch = 0;
  static constexpr std::uint64_t kTellMask = 0xFF;
  static constexpr std::uint64_t kTellBytes = 1 << 20;

  /// One kind of misfit: the first of them, and how many there are.
  class Kind {
   public:
    template <typename Text>
    void count(std::uint32_t group, Text&& text) {
      if (entries_++ == 0) {
        group_ = group;
        what_ = std::forward<Text>(text);
      }
    }
    void tell(CheckListener& listener, const std::string& state) const {
      if (entries_ > 0) {
        listener.misfit({state, group_, what_, entries_, false});
      }
    }

   private:
    std::uint64_t entries_ = 0;
    std::uint32_t group_ = 0;
    std::string what_;
  };

  void takeKey(const SectionReader::Entry& entry) {
    if (!fit_.decode_keys) {
      return;
    }
    std::string_view key = entry.key;
    if (fit_.migrate_keys) {
      const Status migrated =
          migrateBytes(entry.key, summary_.key_schema, backend_.keySchema(), key_);
      if (!migrated) {
        return keys_.count(entry.key_group, migrated.error().message());
      }
      key = key_.view();
    }
    const std::optional<std::uint32_t> group = backend_.groupOfEncoded(key);
    if (!group) {
      keys_.count(entry.key_group,
                  "a key of it is no " + record::describeSchema(backend_.keySchema()));
    } else if (*group != entry.key_group) {
      groups_.count(entry.key_group, otherGroup(*group));
    }
  }

  /// Decodes it; what the program would write of it, where that has to be the same.
  std::string_view takeValue(const SectionReader::Entry& entry) {
    ColumnBase& column = *fit_.column;
    const Status restored = decoder_->decode(kScratch, entry.value);
    if (!restored) {
      values_.count(entry.key_group, restored.error().message());
    }
    if (!restored || fit_.migrate || !column.rewritesAlike()) {
      return entry.value;
    }
    value_.clear();
    column.write(kScratch, value_);
    return value_.view();
  }

  static std::string otherGroup(std::uint32_t group) {
    return "a key of it belongs to key group " + std::to_string(group) +
           " in the program, so that the subtask that gets it is not the one that looks for it";
  }

  void tell() {
    listener_.progress(summary_.name, entries_ - told_entries_, bytes_);
    told_entries_ = entries_;
    bytes_ = 0;
  }

  KeyedBackend& backend_;
  CheckListener& listener_;
  const StateSummary& summary_;
  Fit& fit_;
  std::optional<CellDecoder> decoder_;  // Of fit_.column.
  EntryDigest hash_;
  GroupCheck digests_;
  std::uint32_t group_ = 0;
  std::uint64_t entries_ = 0;
  std::uint64_t told_entries_ = 0;
  std::uint64_t bytes_ = 0;  // Not told yet.
  Writer key_;               // Migrated.
  Writer value_;             // Written again.
  Kind keys_;
  Kind groups_;
  Kind values_;
};

bool KeyedCheck::isUnasked(KeyedBackend& backend,
                           const SectionReader& from,
                           const std::vector<std::string>& dropped) {
  return std::ranges::any_of(from.states(), [&](const StateSummary& one) {
    return isKeyed(one.kind) && one.entries > 0 &&
           std::find(dropped.begin(), dropped.end(), one.name) == dropped.end() &&
           backend.renamed(from, one.name) == nullptr;
  });
}

void KeyedCheck::read(const SectionReader& from,
                      KeyGroupRange range,
                      const std::vector<std::string>& dropped) {
  for (std::size_t state = 0; state < from.states().size(); ++state) {
    const StateSummary& summary = from.states()[state];
    if (!isKeyed(summary.kind)) {
      continue;
    }
    const bool left_out = std::find(dropped.begin(), dropped.end(), summary.name) != dropped.end();
    Fit fit = fitOf(from, summary, left_out);
    listener_.attempt(CheckPhase::kRead, summary.name, [&]() -> Status {
      return readState(from, state, range, fit);
    });
  }
}

KeyedCheck::Fit KeyedCheck::fitOf(const SectionReader& from,
                                  const StateSummary& summary,
                                  bool dropped) {
  Fit fit;
  if (dropped) {
    fit.decode_keys = false;
    return fit;
  }
  const auto migrate_key = needsMigration(summary.name, summary.key_schema, backend_.keySchema());
  fit.decode_keys = migrate_key.has_value();
  if (migrate_key) {
    fit.migrate_keys = *migrate_key;
  } else {
    listener_.misfit({summary.name, {}, "the key: " + migrate_key.error().message(), 0, false});
  }
  fit.column = columnOf(from, summary, fit);
  return fit;
}

ColumnBase* KeyedCheck::columnOf(const SectionReader& from, const StateSummary& summary, Fit& fit) {
  ColumnBase* const found = backend_.renamed(from, summary.name);
  if (found == nullptr) {
    Unasked& unasked = unasked_[summary.name];
    unasked.what =
        std::string(toString(summary.kind)) + " of " + record::describeSchema(summary.value_schema);
    unasked.entries += summary.entries;
    return nullptr;
  }
  ColumnBase& column = *found;
  if (column.info().kind != summary.kind) {
    listener_.misfit({summary.name,
                      {},
                      "it is " + std::string(toString(summary.kind)) +
                          " state in the savepoint and " +
                          std::string(toString(column.info().kind)) + " state in the program",
                      0,
                      false});
    return nullptr;
  }
  const auto migrate = needsMigration(summary.name, summary.value_schema, column.info().schema);
  if (!migrate) {
    listener_.misfit({summary.name, {}, migrate.error().message(), 0, false});
    return nullptr;
  }
  fit.migrate = *migrate;
  const auto& columns = backend_.columns();
  const auto place =
      std::ranges::find_if(columns, [&](const auto& one) { return one.get() == found; });
  if (fit.migrate && static_cast<std::size_t>(place - columns.begin()) >= declared_) {
    noteGoneMembers(summary, column);
  }
  return &column;
}

void KeyedCheck::noteGoneMembers(const StateSummary& summary, const ColumnBase& column) {
  for (const std::string& member :
       record::goneMembers(summary.value_schema, column.info().schema)) {
    listener_.misfit({summary.name,
                      {},
                      "member '" + member + "', which the program's type has no more, is left out",
                      summary.entries,
                      true});
  }
}

Status KeyedCheck::readState(const SectionReader& from,
                             std::size_t state,
                             KeyGroupRange range,
                             Fit& fit) {
  Entries entries(backend_, listener_, from, state, range, fit);
  try {
    const Status read = from.readKeyed(
        state, range, [&](const SectionReader::Entry& entry) { return entries.take(entry); });
    entries.settle();
    return read ? entries.finish() : read;
  } catch (...) {  // A serializer of the user's own threw.
    entries.settle();
    listener_.at(entries.group());
    throw;
  }
}

}  // namespace weir::state
