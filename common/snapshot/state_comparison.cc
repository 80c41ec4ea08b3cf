#include "common/snapshot/state_comparison.h"

#include <algorithm>
#include <tuple>

#include "common/base/utf8.h"
#include "common/schema/schema.h"
#include "common/schema/schema_match.h"
#include "common/schema/state_kinds.h"

namespace weir::snapshot {
namespace {

std::string plural(std::uint64_t count, const std::string& one, const std::string& more) {
  return std::to_string(count) + " " + (count == 1 ? one : more);
}

std::string sizeOf(const runtime::SavedState& state) {
  return " (" + plural(state.entries, "entry", "entries") + ", " +
         plural(state.bytes, "byte", "bytes") + ")";
}

void compareSchemas(const std::string& state,
                    const std::string& where,
                    const record::Schema& was,
                    const record::Schema& is,
                    StateComparison& to) {
  const record::SchemaComparison comparison = record::compareSchemas(was, is);
  if (comparison.match == record::SchemaMatch::kIncompatible) {
    to.problems.push_back(
        {state,
         where + " cannot be read as the program's type: " + escaped(comparison.sentence) +
             "\n    savepoint: " + escaped(record::describeSchema(was)) +
             "\n    program:   " + escaped(record::describeSchema(is))});
  }
}

void reportMembers(const std::string& where,
                   const runtime::SavedState& was,
                   const graph::StateDeclaration& is,
                   StateComparison& to) {
  if (was.entries == 0) {
    return;
  }
  for (const auto& [what, old, now] :
       {std::tuple("", &was.value, &is.value), std::tuple(" of its key", &was.key, &is.key)}) {
    for (const std::string& member : record::goneMembers(*old, *now)) {
      to.dropped.push_back(where + ": member '" + escaped(member) + "'" + what +
                           ", which the program's type has no more (" +
                           plural(was.entries, "value", "values") + ")");
    }
  }
}

void compareDeclared(const std::string& where,
                     const runtime::SavedState& was,
                     const graph::StateDeclaration& is,
                     StateComparison& to) {
  if (is.kind != was.kind) {
    to.problems.push_back({was.name,
                           where + " is of kind " + std::string(state::toString(was.kind)) +
                               " in the savepoint and " + std::string(state::toString(is.kind)) +
                               " in the program"});
    return;
  }
  const std::size_t before = to.problems.size();
  compareSchemas(was.name, where + " (key)", was.key, is.key, to);
  if (to.problems.size() == before && was.entries > 0 && !record::keepsKeyHash(was.key, is.key)) {
    to.problems.push_back(
        {was.name,
         where +
             " (key) would have its keys in other key groups: members of a stream's key may be "
             "renamed and widened, not added, removed or moved\n    savepoint: " +
             escaped(record::describeSchema(was.key)) +
             "\n    program:   " + escaped(record::describeSchema(is.key))});
  }
  compareSchemas(was.name, where, was.value, is.value, to);
  reportMembers(where, was, is, to);
}

/// The states of a program's operator that a snapshot has none of: one of them may be `was`, by
/// another name.
template <typename Known>
std::string candidatesFor(const runtime::SavedState& was,
                          const graph::JobOperator& now,
                          Known known) {
  constexpr std::size_t kMost = 3;
  std::string names;
  std::size_t count = 0;
  for (const graph::StateDeclaration& one : now.states) {
    if (!known(one.name) && one.kind == was.kind && ++count <= kMost) {
      names += (names.empty() ? "'" : ", '") + escaped(one.name) + "'";
    }
  }
  return names.empty() ? std::string()
                       : "; where it is what the program calls " + names +
                             ", say so with .renamedFrom(\"" + escaped(was.name) + "\") there";
}

void notDeclared(const std::string& where,
                 const runtime::SavedState& was,
                 const graph::JobOperator& now,
                 const std::string& candidates,
                 bool allow_non_restored,
                 StateComparison& to) {
  if (was.entries == 0) {
    to.left_out.push_back(was.name);
  } else if (state::isKeyed(was.kind) && !now.all_states_declared) {
    to.late.push_back(was.name);
    if (allow_non_restored && !was.declared_late) {
      to.dropped.push_back(where + sizeOf(was) + ", unless it is asked for in open()");
    }
  } else if (allow_non_restored) {
    to.left_out.push_back(was.name);
    to.dropped.push_back(where + sizeOf(was));
  } else {
    to.problems.push_back(
        {was.name,
         where + sizeOf(was) +
             " matches nothing: the program's operator has no state of that name" + candidates});
  }
}

}  // namespace

StateComparison compareStates(const runtime::SavedOperator& old,
                              const graph::JobOperator& now,
                              const std::string& who,
                              const std::set<std::string>& drop,
                              bool allow_non_restored) {
  StateComparison comparison;
  for (const runtime::SavedState& was : old.states) {
    if (was.kind == state::StateKind::kInFlight && !drop.contains(was.name)) {
      continue;  // It is of an edge, not of the operator's own.
    }
    const std::string where = "state '" + escaped(was.name) + "' of operator " + who;
    const auto known = [&](const std::string& name) {
      return std::ranges::any_of(old.states, [&](const auto& one) { return one.name == name; });
    };
    const auto is = std::find_if(now.states.begin(), now.states.end(), [&](const auto& one) {
      return state::isNowOf(one.name, one.former_names, was.name, known);
    });
    if (drop.contains(was.name)) {
      comparison.left_out.push_back(was.name);
      comparison.dropped.push_back(where + sizeOf(was));
    } else if (is == now.states.end()) {
      notDeclared(where, was, now, candidatesFor(was, now, known), allow_non_restored, comparison);
    } else {
      compareDeclared(where, was, *is, comparison);
      if (is->name != was.name) {
        comparison.renamed.push_back("state '" + escaped(was.name) + "' is called '" +
                                     escaped(is->name) + "' now");
      }
    }
  }
  return comparison;
}

void compareInFlight(const runtime::SavedState& was,
                     const record::Schema& now,
                     const std::string& where,
                     StateComparison& to) {
  const record::Schema unknown;
  if (was.key == unknown || now == unknown) {
    return;
  }
  const std::string what = "records in flight " + where;
  const std::size_t before = to.problems.size();
  compareSchemas(was.name, what, was.key, now, to);
  if (to.problems.size() != before) {
    to.problems.back().what += "\n    a savepoint has no records in flight";
    return;
  }
  for (const std::string& member : record::goneMembers(was.key, now)) {
    to.dropped.push_back(what + ": member '" + escaped(member) +
                         "', which the program's type has no more");
  }
}

}  // namespace weir::snapshot
