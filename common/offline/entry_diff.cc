#include "common/offline/entry_diff.h"

#include <algorithm>
#include <future>
#include <string>

#include "common/offline/value_json.h"
#include "common/offline/window_json.h"
#include "common/schema/state_kinds.h"

namespace weir::offline {
namespace {

constexpr std::size_t kLongest = 4096;  // Bytes of a key or value that is shown.

/// What `append` makes of the bytes as JSON; their size where they are many, and what is wrong
/// where they are none of the schema.
template <typename Append>
std::string shown(std::string_view bytes, Append append) {
  const std::string size = "\"(" + std::to_string(bytes.size()) + " bytes";
  if (bytes.size() > kLongest) {
    return size + ")\"";
  }
  std::string text;
  const Status status = append(bytes, text);
  return status.has_value() ? text : size + " that are none of the schema)\"";
}

std::string shown(std::string_view bytes, const record::Schema& schema) {
  return shown(bytes, [&](std::string_view value, std::string& to) {
    return ValueJson(schema).append(value, to);
  });
}

std::string shownWindow(std::string_view bytes, const state::WindowSchema& windows) {
  return shown(bytes, [&](std::string_view window, std::string& to) {
    return WindowJson(windows).append(window, to);
  });
}

}  // namespace

EntryDiff::EntryDiff(const StateSide& before,
                     const StateSide& after,
                     const DiffSettings& settings,
                     bool values,
                     StateDiff& to)
    : before_(before), after_(after), settings_(settings), values_(values), to_(to) {}

Status EntryDiff::byGroups(const Advance& advance) {
  const std::uint64_t most = std::max<std::uint64_t>(settings_.most_memory / sizeof(Hashes), 1);
  Ranges ranges;
  std::uint64_t entries = 0;
  std::uint64_t bytes = 0;
  const auto flush = [&]() -> Status {
    if (entries > 0) {
      WEIR_RETURN_IF_ERROR(compare(ranges, entries));
    }
    ranges.clear();
    entries = 0;
    return advance(std::exchange(bytes, 0), 0);
  };
  auto one = before_.groups().begin();
  auto other = after_.groups().begin();
  while (one != before_.groups().end() || other != after_.groups().end()) {
    const bool here = one != before_.groups().end();
    const bool there = other != after_.groups().end();
    const std::uint32_t group =
        here && (!there || one->first <= other->first) ? one->first : other->first;
    const StateSide::Group left =
        here && one->first == group ? (one++)->second : StateSide::Group();
    const StateSide::Group right =
        there && other->first == group ? (other++)->second : StateSide::Group();
    if (values_ && surelyEqual(left, right)) {
      to_.equal += left.entries;
      WEIR_RETURN_IF_ERROR(advance(0, left.bytes + right.bytes));
      continue;
    }
    if (entries > 0 && entries + left.entries + right.entries > most) {
      WEIR_RETURN_IF_ERROR(flush());
    }
    if (!ranges.empty() && ranges.back().last + 1 == group) {
      ranges.back().last = group;
    } else {
      ranges.push_back({group, group});
    }
    entries += left.entries + right.entries;
    bytes += left.bytes + right.bytes;
  }
  return flush();
}

Status EntryDiff::all(const Advance& advance) {
  std::uint64_t entries = 0;
  std::uint64_t bytes = 0;
  for (const StateSide* side : {&before_, &after_}) {
    for (const auto& [number, group] : side->groups()) {
      entries += group.entries;
      bytes += group.bytes;
    }
  }
  WEIR_RETURN_IF_ERROR(compare({{0, ~std::uint32_t{0}}}, entries));
  return advance(bytes, 0);
}

Status EntryDiff::compare(const Ranges& ranges, std::uint64_t entries) {
  const std::uint64_t most = std::max<std::uint64_t>(settings_.most_memory / sizeof(Hashes), 1);
  const std::uint64_t parts = std::max<std::uint64_t>((entries + most - 1) / most, 1);
  for (std::uint64_t part = 0; part < parts; ++part) {
    WEIR_RETURN_IF_ERROR(comparePart(ranges, {part, parts}));
  }
  return fetchExamples(ranges);
}

Status EntryDiff::comparePart(const Ranges& ranges, Part part) {
  std::vector<Hashes> before;
  std::vector<Hashes> after;
  // The two lie in different files; each side has readers of its own.
  auto other = std::async(std::launch::async, [&] { return load(after_, ranges, part, after); });
  const Status one = load(before_, ranges, part, before);
  WEIR_RETURN_IF_ERROR(other.get());
  WEIR_RETURN_IF_ERROR(one);
  merge(before, after);
  return ok();
}

Status EntryDiff::load(const StateSide& side,
                       const Ranges& ranges,
                       Part part,
                       std::vector<Hashes>& to) {
  for (const KeyGroupRange& range : ranges) {
    WEIR_RETURN_IF_ERROR(side.read(range, [&](const StateSide::Entry& entry) {
      if (part.of == 1 || entry.key_hash % part.of == part.number) {
        to.push_back({entry.key_hash, values_ ? side.valueHash(entry.value) : 0});
      }
      return ok();
    }));
  }
  std::ranges::sort(to);
  return ok();
}

void EntryDiff::merge(std::vector<Hashes>& before, std::vector<Hashes>& after) {
  auto one = before.begin();
  auto other = after.begin();
  while (one != before.end() || other != after.end()) {
    if (other == after.end() || (one != before.end() && one->key < other->key)) {
      ++to_.removed;
      note(Change::kRemoved, (one++)->key);
    } else if (one == before.end() || other->key < one->key) {
      ++to_.added;
      note(Change::kAdded, (other++)->key);
    } else {
      if (one->value == other->value) {
        ++to_.equal;
      } else {
        ++to_.changed;
        note(Change::kChanged, one->key);
      }
      ++one;
      ++other;
    }
  }
}

void EntryDiff::note(Change change, std::uint64_t key) {
  std::uint64_t& noted = noted_[static_cast<std::size_t>(change)];
  if (noted < settings_.most_examples && wanted_.emplace(key, to_.examples.size()).second) {
    ++noted;
    to_.examples.push_back({.change = change, .key = {}, .window = {}, .before = {}, .after = {}});
  }
}

Status EntryDiff::fetchExamples(const Ranges& ranges) {
  if (!wanted_.empty()) {
    WEIR_RETURN_IF_ERROR(fetch(before_, to_.either().value, ranges, true));
    WEIR_RETURN_IF_ERROR(
        fetch(after_, to_.after ? to_.after->value : to_.either().value, ranges, false));
    wanted_.clear();
  }
  return ok();
}

Status EntryDiff::fetch(const StateSide& side,
                        const record::Schema& value,
                        const Ranges& ranges,
                        bool is_before) {
  const runtime::SavedState& state = to_.either();
  for (const KeyGroupRange& range : ranges) {
    WEIR_RETURN_IF_ERROR(side.read(range, [&](const StateSide::Entry& entry) {
      const auto found = wanted_.find(entry.key_hash);
      if (found == wanted_.end()) {
        return ok();
      }
      ChangedEntry& example = to_.examples[found->second];
      if (state::isKeyed(state.kind)) {
        example.key = shown(entry.key, state.key);
        if (state::isByWindow(side.windows())) {
          example.window = shownWindow(entry.name_space, side.windows());
        }
      } else if (state.kind == state::StateKind::kOperator) {
        example.key = "\"subtask " + std::string(entry.key) + "\"";
      }
      const bool wanted = example.change != (is_before ? Change::kAdded : Change::kRemoved);
      if (wanted) {
        (is_before ? example.before : example.after) = shown(entry.value, value);
      }
      return ok();
    }));
  }
  return ok();
}

}  // namespace weir::offline
