#include "common/snapshot/state_matching.h"

#include <algorithm>
#include <map>
#include <set>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "common/base/nearest.h"
#include "common/base/text.h"
#include "common/base/utf8.h"
#include "common/schema/state_kinds.h"
#include "common/snapshot/in_flight.h"
#include "common/snapshot/restore_sections.h"
#include "common/snapshot/state_comparison.h"
#include "common/snapshot/surroundings.h"

namespace weir::snapshot {
namespace {

using graph::JobOperator;
using runtime::SavedOperator;

constexpr std::size_t kShownName = 256;   // Of a name or uid, in sentences and comparisons.
constexpr std::size_t kWithNearest = 64;  // Unmatched operators that get candidates.

/// Names come from programs and foreign files: none of them begins a line of ours.
std::string shown(const std::string& name) { return escaped(cutText(name, kShownName)); }

std::string label(const std::string& name, const std::string& uid, OperatorId id) {
  return "'" + shown(name) + "' (" + (uid.empty() ? "no uid" : "uid " + shown(uid)) + ", id " +
         id.hex() + ")";
}
std::string label(const SavedOperator& one) { return label(one.name, one.uid, one.id); }
std::string label(const JobOperator& one) { return label(one.name, one.uid, one.id); }

/// Operators by what a user may call them: by uid, and by id in hex.
template <typename Operator>
class ByName {
 public:
  explicit ByName(const std::vector<Operator>& operators) {
    for (const Operator& one : operators) {
      if (!one.uid.empty()) {
        by_name_.emplace(one.uid, &one);
      }
      by_name_.emplace(one.id.hex(), &one);
    }
  }
  const Operator* find(const std::string& text) const {
    auto found = by_name_.find(text);
    return found == by_name_.end() ? nullptr : found->second;
  }

 private:
  std::unordered_map<std::string, const Operator*> by_name_;
};

std::size_t distanceOf(std::string_view old, std::string_view current) {
  return editDistance(old.substr(0, kShownName), current.substr(0, kShownName));
}

std::string plural(std::uint64_t count, const std::string& word) {
  return std::to_string(count) + " " + word + (count == 1 ? "" : "s");
}

/// Collects what does not fit, operator by operator.
class Matching {
 public:
  Matching(const runtime::CheckpointMetadata& metadata,
           const graph::JobGraph& graph,
           const runtime::RestoreRequest& request)
      : metadata_(metadata),
        graph_(graph),
        request_(request),
        surroundings_(metadata, graph),
        old_names_(metadata.operators),
        new_names_(graph.operators) {
    for (const JobOperator& current : graph.operators) {
      by_id_.emplace(current.id, &current);
    }
  }

  StateMatch run() {
    checkRequest();
    for (const SavedOperator& old : metadata_.operators) {
      visit(old);
    }
    for (const JobOperator& current : graph_.operators) {
      auto match = matches_.find(current.id);
      if (current.stateful && (match == matches_.end() || !match->second->hasState())) {
        report_.empty.push_back(label(current) + " starts empty");
      }
    }
    describeUnmatched();
    const auto unclaimed =
        request_.allow_non_restored ? state::Unclaimed::kLeftOut : state::Unclaimed::kRefused;
    std::string what_to_do = advice();
    for (const OperatorId& id : unfit_) {
      matches_.erase(id);
    }
    return {{distribute(metadata_, graph_, matches_, dropped_, unclaimed), std::move(report_)},
            std::move(problems_),
            std::move(what_to_do)};
  }

 private:
  std::string advice() const {
    if (!unmatched_.empty()) {
      return "name its operator with --map OLD=NEW, or leave it out with --drop UID, or all with "
             "-n";
    }
    return misplaced_ == problems_.size()
               ? "if the state is that of the operator all the same, say so with --map ID=ID; "
                 "--map OLD=NEW gives it to another, -n leaves it out; set uids for the next time"
               : "change the program, or leave state out with --drop UID or --drop UID/STATE";
  }

  void checkRequest() {
    for (const std::string& name : request_.drop) {
      if (const SavedOperator* old = old_names_.find(name)) {
        left_out_.insert(old);
      } else if (!dropState(name)) {
        add({},
            "--drop " + shown(name) +
                ": the savepoint has no operator of that uid, nor one with such a state "
                "(UID/STATE)");
      }
    }
    for (const auto& [from, to] : request_.renamed) {
      const SavedOperator* old = old_names_.find(from);
      const JobOperator* current = new_names_.find(to);
      mapped_.emplace(old, current);
      if (old == nullptr) {
        add({},
            "--map " + shown(from) + "=" + shown(to) + ": the savepoint has no operator of uid " +
                shown(from));
      }
      if (current == nullptr) {
        add({},
            "--map " + shown(from) + "=" + shown(to) + ": the program has no operator of uid " +
                shown(to));
      }
    }
  }

  /// UID/STATE; either may have slashes of its own.
  bool dropState(const std::string& name) {
    for (auto slash = name.find('/'); slash != std::string::npos;
         slash = name.find('/', slash + 1)) {
      const SavedOperator* old = old_names_.find(name.substr(0, slash));
      const std::string state = name.substr(slash + 1);
      if (old != nullptr && std::any_of(old->states.begin(), old->states.end(), [&](auto& one) {
            return one.name == state;
          })) {
        states_left_out_[old].insert(state);
        return true;
      }
    }
    return false;
  }

  void add(OperatorId id, std::string what) { problems_.push_back({id, {}, std::move(what)}); }

  struct Target {
    const JobOperator* current = nullptr;
    bool mapped = false;  // By --map: the user knows what it is.
  };
  Target target(const SavedOperator& old) const {
    if (auto found = mapped_.find(&old); found != mapped_.end()) {
      return {found->second, true};
    }
    auto found = by_id_.find(old.id);
    return {found == by_id_.end() ? nullptr : found->second, false};
  }

  void visit(const SavedOperator& old) {
    if (left_out_.contains(&old)) {
      report_.dropped.push_back(label(old) + ": " + plural(old.bytes(), "byte"));
      return;
    }
    const auto [current, mapped] = target(old);
    if (current != nullptr && old.hasState() && !mapped && surroundings_.differ(old, *current)) {
      misplaced(old, *current);
      return;
    }
    if (current == nullptr) {
      if (!old.hasState()) {
        return;
      }
      if (request_.allow_non_restored) {
        report_.dropped.push_back(label(old) + ": " + plural(old.bytes(), "byte"));
      } else {
        unmatched_.push_back(&old);
      }
      return;
    }
    auto [match, fresh] = matches_.emplace(current->id, &old);
    if (!fresh) {
      add(current->id,
          "operator " + label(*current) + " would get the state of both " + label(*match->second) +
              " and " + label(old));
      return;
    }
    if (old.hasState()) {
      StateComparison states = compareStates(
          old, *current, label(*current), states_left_out_[&old], request_.allow_non_restored);
      checkInFlight(old, *current, states);
      const bool fits = checkWindows(old, *current) && checkNumbers(old, *current);
      reportMatch(old, *current, states);
      for (StateComparison::Problem& problem : states.problems) {
        states.left_out.push_back(problem.state);
        problems_.push_back({current->id, std::move(problem.state), std::move(problem.what)});
      }
      if (!fits) {
        unfit_.insert(current->id);
      }
      report_.dropped.insert(report_.dropped.end(), states.dropped.begin(), states.dropped.end());
      dropped_[current->id] = std::move(states.left_out);
    }
  }

  /// Records that barriers had overtaken need an edge into the operator to be dealt out by, whose
  /// records are of their type, or of one that theirs migrates to.
  void checkInFlight(const SavedOperator& old, const JobOperator& current, StateComparison& to) {
    for (const runtime::SavedState& was : old.states) {
      if (was.kind != state::StateKind::kInFlight || states_left_out_[&old].contains(was.name)) {
        continue;
      }
      if (const graph::JobEdge* edge = edgeOfInFlight(graph_, current.id, was.name)) {
        compareInFlight(was,
                        edge->records,
                        "from '" + shown(graph_.operators[edge->source_operator].name) + "' to '" +
                            shown(current.name) + "'",
                        to);
        continue;
      }
      const std::string what = "records in flight to operator " + label(current) + ", '" +
                               shown(was.name) + "' (" + plural(was.bytes, "byte") + ")";
      if (request_.allow_non_restored) {
        to.left_out.push_back(was.name);
        to.dropped.push_back(what);
      } else {
        to.problems.push_back(
            {was.name,
             what + ", came over an edge that the program does not have; a savepoint has none"});
      }
    }
  }

  /// A generated id that another operator than before may have by now.
  void misplaced(const SavedOperator& old, const JobOperator& current) {
    if (request_.allow_non_restored) {
      report_.dropped.push_back(label(old) + ": " + plural(old.bytes(), "byte") +
                                "; what stands around it differs, and its id is generated");
      return;
    }
    ++misplaced_;
    add(current.id,
        "operator " + label(current) + " has the generated id of " + label(old) + " with " +
            plural(old.bytes(), "byte") + " of state, but what stands around it differs" +
            surroundings_.pictures(old, current));
  }

  /// What is restored of an operator; nothing when all of its states are left out.
  void reportMatch(const SavedOperator& old,
                   const JobOperator& current,
                   const StateComparison& comparison) {
    const std::vector<std::string>& left_out = comparison.left_out;
    std::uint64_t states = 0;
    std::uint64_t sure = 0;  // Not left out where nobody asks for it.
    std::uint64_t bytes = old.bytes();
    for (const runtime::SavedState& was : old.states) {
      if (std::find(left_out.begin(), left_out.end(), was.name) == left_out.end()) {
        ++states;
        const bool unsure = request_.allow_non_restored && !was.declared_late &&
                            std::find(comparison.late.begin(), comparison.late.end(), was.name) !=
                                comparison.late.end();
        sure += unsure ? 0 : 1;
      } else {
        bytes -= std::min(bytes, was.bytes);
      }
    }
    if (sure == 0 && !old.states.empty()) {
      report_.empty.push_back(label(current) + " starts empty" +
                              (states == 0 ? "" : ", unless it asks for old state in open()"));
      return;
    }
    std::string line = label(current) + ": " + plural(states, "state") + ", " +
                       plural(bytes, "byte") + lateOf(comparison);
    for (const std::string& renamed : comparison.renamed) {
      line += "; " + renamed;
    }
    if (old.parallelism != current.parallelism) {
      line += ", parallelism " + std::to_string(old.parallelism) + " -> " +
              std::to_string(current.parallelism);
    }
    if (old.uid.empty() && current.uid.empty() && old.id == current.id &&
        !Surroundings::recorded(old)) {
      line += "; its id is generated, and the savepoint does not say what stood around it";
    }
    report_.matched.push_back(std::move(line));
  }

  std::string lateOf(const StateComparison& comparison) const {
    std::string names;
    for (const std::string& name : comparison.late) {
      names += (names.empty() ? "state '" : ", '") + shown(name) + "'";
    }
    return names.empty() ? ""
                         : ", of which " + names +
                               " must be asked for in open(), declared late: compared when its "
                               "tasks start, and " +
                               (request_.allow_non_restored ? "left out" : "the job fails") +
                               " where nobody asks";
  }

  /// Windows are the namespaces of keyed state, whose bytes are taken as they are.
  bool checkWindows(const SavedOperator& old, const JobOperator& current) {
    const std::set<std::string>& left_out = states_left_out_[&old];
    const bool counts = std::ranges::any_of(old.states, [&](const runtime::SavedState& one) {
      return state::isKeyed(one.kind) && one.entries > 0 && !left_out.contains(one.name);
    });
    if (!counts || state::readsWindows(old.windows, current.windows)) {
      return true;
    }
    add(current.id,
        "operator " + label(current) +
            " has its state by windows of another type, and these cannot be migrated"
            "\n    savepoint: " +
            escaped(state::describeWindows(old.windows)) +
            "\n    program:   " + escaped(state::describeWindows(current.windows)));
    return false;
  }

  bool checkNumbers(const SavedOperator& old, const JobOperator& current) {
    const std::size_t before = problems_.size();
    if (current.parallelism > old.max_parallelism) {
      add(current.id,
          "operator " + label(current) + ": parallelism " + std::to_string(current.parallelism) +
              " is above the maximum parallelism of the savepoint, " +
              std::to_string(old.max_parallelism));
    } else if (current.max_parallelism != old.max_parallelism) {
      add(current.id,
          "operator " + label(current) + ": the maximum parallelism was " +
              std::to_string(old.max_parallelism) + " in the savepoint and is " +
              std::to_string(current.max_parallelism) + " in the program");
    }
    if (old.fixed_parallelism_state && !dropsStatePerSubtask(old) &&
        old.parallelism != current.parallelism) {
      add(current.id,
          "operator " + label(current) +
              " has state per subtask (Checkpointed), which cannot change its parallelism: it "
              "was " +
              std::to_string(old.parallelism) + " in the savepoint and is " +
              std::to_string(current.parallelism) + " in the program");
    }
    return problems_.size() == before;
  }

  bool dropsStatePerSubtask(const SavedOperator& old) {
    const std::set<std::string>& left_out = states_left_out_[&old];
    return std::any_of(old.states.begin(), old.states.end(), [&](const runtime::SavedState& one) {
      return one.kind == state::StateKind::kOperator && left_out.contains(one.name);
    });
  }

  void describeUnmatched() {
    for (const SavedOperator* old : unmatched_) {
      add(old->id,
          "state of operator " + label(*old) + ", " + plural(old->bytes(), "byte") +
              ", matches nothing" + (problems_.size() < kWithNearest ? "; " + nearest(*old) : ""));
    }
  }

  std::string nearest(const SavedOperator& old) const {
    std::multimap<std::size_t, const JobOperator*> candidates;  // Best first.
    for (const JobOperator& current : graph_.operators) {
      if (!current.stateful || matches_.contains(current.id)) {
        continue;
      }
      const bool same_states =
          std::any_of(old.states.begin(), old.states.end(), [&](const auto& s) {
            return std::any_of(current.states.begin(), current.states.end(), [&](const auto& d) {
              return d.name == s.name;
            });
          });
      const std::size_t distance =
          std::min(distanceOf(old.uid, current.uid), distanceOf(old.name, current.name));
      candidates.emplace(distance + (same_states ? 0 : 10) + (old.kind == current.kind ? 0 : 10),
                         &current);
    }
    if (candidates.empty()) {
      return "the program has no other operator with state";
    }
    std::string text = "nearest: ";
    int named = 0;
    for (auto one = candidates.begin(); one != candidates.end() && named < 3; ++one, ++named) {
      text += (named == 0 ? "" : ", ") + label(*one->second);
    }
    return text;
  }

  const runtime::CheckpointMetadata& metadata_;  // Borrowed for the length of the call, like all.
  const graph::JobGraph& graph_;
  const runtime::RestoreRequest& request_;
  Surroundings surroundings_;
  ByName<SavedOperator> old_names_;
  ByName<JobOperator> new_names_;
  std::unordered_map<OperatorId, const JobOperator*> by_id_;
  std::set<const SavedOperator*> left_out_;                                // By --drop.
  std::map<const SavedOperator*, std::set<std::string>> states_left_out_;  // By --drop UID/STATE.
  std::map<const SavedOperator*, const JobOperator*> mapped_;              // By --map.
  OperatorMatches matches_;
  std::set<OperatorId> unfit_;  // Matched, but for their numbers or windows.
  DroppedStates dropped_;
  std::vector<const SavedOperator*> unmatched_;
  std::vector<MatchProblem> problems_;
  std::size_t misplaced_ = 0;  // Of problems_: surroundings that differ.
  runtime::RestoreReport report_;
};

}  // namespace

StateMatch compareState(const runtime::CheckpointMetadata& metadata,
                        const graph::JobGraph& graph,
                        const runtime::RestoreRequest& request) {
  return Matching(metadata, graph, request).run();
}

Result<RestorePlan> matchState(const runtime::CheckpointMetadata& metadata,
                               const graph::JobGraph& graph,
                               const runtime::RestoreRequest& request) {
  StateMatch match = compareState(metadata, graph, request);
  if (match.problems.empty()) {
    return std::move(match.plan);
  }
  std::string list;
  for (const MatchProblem& problem : match.problems) {
    list += "\n  " + problem.what;
  }
  return Error(ErrorCode::kFailedPrecondition,
               "savepoint '" + escaped(request.path) + "' does not fit the program '" +
                   shown(graph.name) + "'; " + match.advice + list);
}

RestorePlan restoreSame(const runtime::CheckpointMetadata& metadata, const graph::JobGraph& graph) {
  OperatorMatches matches;
  for (const SavedOperator& one : metadata.operators) {
    matches.emplace(one.id, &one);
  }
  return {distribute(metadata, graph, matches, {}, state::Unclaimed::kKept), {}};
}

}  // namespace weir::snapshot
