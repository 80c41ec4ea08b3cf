#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "common/base/text.h"
#include "common/base/utf8.h"
#include "common/client/command_table.h"
#include "common/client/json_text.h"
#include "common/offline/diff.h"
#include "common/offline/snapshot_description.h"
#include "common/remote/remote_file_systems.h"
#include "common/schema/state_kinds.h"

namespace weir::client {
namespace {

using offline::Change;
using offline::ChangedEntry;
using offline::OperatorDiff;
using offline::StateDiff;

constexpr std::size_t kWidth = 80;
constexpr std::size_t kShownValue = 400;  // Letters of an example, on a terminal.

std::string_view wordFor(Change change) {
  return change == Change::kAdded ? "added" : (change == Change::kRemoved ? "removed" : "changed");
}

/// Lines within a terminal's width, the ones after the first further in.
void printIndented(Console& console, const std::string& text, std::size_t blanks) {
  std::string lines = withMargin(wrapped(text, kWidth - blanks - 2), blanks + 2);
  console.result(lines.substr(2));
}

void printExample(Console& console, const ChangedEntry& one) {
  const char* sign =
      one.change == Change::kAdded ? "+" : (one.change == Change::kRemoved ? "-" : "~");
  std::string line = sign;
  line += one.key.empty() ? "" : " " + escaped(one.key);
  line += one.window.empty() ? "" : " in " + escaped(one.window);
  const std::string colon = one.key.empty() ? " " : ": ";
  if (one.change == Change::kChanged) {
    line += colon + escaped(one.before) + " -> " + escaped(one.after);
  } else {
    line += colon + escaped(one.change == Change::kAdded ? one.after : one.before);
  }
  printIndented(console, cutText(line, kShownValue), 4);
}

void printState(Console& console, const StateDiff& one) {
  const char* same = one.comparesValues() ? "equal" : "in both";
  const runtime::SavedState& state = one.either();
  std::string line =
      fmt::format("state '{}' ({}): ", escaped(state.name), state::toString(state.kind));
  if (one.added + one.removed + one.changed == 0) {
    line += fmt::format("{} {}", one.equal, same);
  } else {
    line += fmt::format("{} added, {} removed, {} changed, {} {}",
                        one.added,
                        one.removed,
                        one.changed,
                        one.equal,
                        same);
  }
  printIndented(console, line, 2);
  for (const std::string& note : one.notes) {
    printIndented(console, escaped(note), 4);
  }
  for (const ChangedEntry& example : one.examples) {
    printExample(console, example);
  }
  const auto shown = static_cast<std::uint64_t>(one.examples.size());
  const std::uint64_t all = one.added + one.removed + one.changed;
  if (shown > 0 && all > shown) {
    printIndented(console, fmt::format("... and {} more", all - shown), 4);
  }
}

void printOperator(Console& console, const OperatorDiff& one) {
  const runtime::SavedOperator& any = one.either();
  std::string line = fmt::format("Operator '{}' ({}, id {})",
                                 escaped(any.name),
                                 any.uid.empty() ? "no uid" : "uid " + escaped(any.uid),
                                 any.id.hex());
  if (one.before == nullptr || one.after == nullptr) {
    line += fmt::format(": only in the {}, {}",
                        one.before != nullptr ? "first" : "second",
                        humanBytes(any.bytes()));
  }
  for (const std::string& note : one.notes) {
    line += "; " + escaped(note);
  }
  printIndented(console, line, 0);
  for (const StateDiff& state : one.states) {
    printState(console, state);
  }
}

/// JSON that was made of an entry; a text where it is none.
nlohmann::json parsed(const std::string& text) {
  nlohmann::json json = nlohmann::json::parse(text, nullptr, false);
  return json.is_discarded() ? nlohmann::json(text) : json;
}

nlohmann::json exampleJson(const ChangedEntry& one) {
  nlohmann::json json = {{"change", wordFor(one.change)}};
  if (!one.key.empty()) {
    json["key"] = parsed(one.key);
  }
  if (!one.window.empty()) {
    json["window"] = parsed(one.window);
  }
  if (one.change != Change::kAdded) {
    json["before"] = parsed(one.before);
  }
  if (one.change != Change::kRemoved) {
    json["after"] = parsed(one.after);
  }
  return json;
}

nlohmann::json presence(bool before, bool after) {
  return before && after ? "both" : (before ? "first" : "second");
}

nlohmann::json stateJson(const StateDiff& one) {
  nlohmann::json examples = nlohmann::json::array();
  for (const ChangedEntry& example : one.examples) {
    examples.push_back(exampleJson(example));
  }
  const auto schemas = [](const std::optional<runtime::SavedState>& state) {
    nlohmann::json json;
    if (state) {
      json = {{"schema", record::describeSchema(state->value)}};
      if (state::isKeyed(state->kind)) {
        json["key-schema"] = record::describeSchema(state->key);
      }
    }
    return json;
  };
  return {{"name", one.either().name},
          {"kind", state::toString(one.either().kind)},
          {"in", presence(one.before.has_value(), one.after.has_value())},
          {"before", schemas(one.before)},
          {"after", schemas(one.after)},
          {"added", one.added},
          {"removed", one.removed},
          {"changed", one.changed},
          {"equal", one.equal},
          {"values-compared", one.comparesValues()},
          {"notes", one.notes},
          {"examples", examples}};
}

std::string diffDocument(const snapshot::Opened& before,
                         const snapshot::Opened& after,
                         const offline::SnapshotDiff& found) {
  nlohmann::json operators = nlohmann::json::array();
  for (const OperatorDiff& one : found.operators) {
    nlohmann::json states = nlohmann::json::array();
    for (const StateDiff& state : one.states) {
      states.push_back(stateJson(state));
    }
    operators.push_back({{"id", one.either().id.hex()},
                         {"uid", one.either().uid},
                         {"name", one.either().name},
                         {"in", presence(one.before != nullptr, one.after != nullptr)},
                         {"notes", one.notes},
                         {"states", states}});
  }
  return jsonText({{"first", before.path},
                   {"second", after.path},
                   {"equal", !found.differs()},
                   {"size", found.bytes},
                   {"skipped", found.skipped},
                   {"operators", operators}});
}

void printDiff(Console& console, const offline::SnapshotDiff& found) {
  std::size_t equal = 0;
  for (const OperatorDiff& one : found.operators) {
    if (one.differs()) {
      printOperator(console, one);
    } else {
      ++equal;
    }
  }
  if (!found.differs()) {
    console.result(fmt::format("The savepoints hold the same in all of {} operators.",
                               found.operators.size()));
  } else if (equal > 0) {
    console.result(fmt::format("{} of {} operators hold the same.", equal, found.operators.size()));
  }
}

int diffGiven(const Invocation& invocation, const Given& given) {
  Console& console = invocation.console;
  const std::string what = "savepoint diff " + given.word(0) + " " + given.word(1);
  fs::FileSystems files = remote::fileSystems(invocation.configuration);
  const auto before =
      offline::openSnapshot(files, savepointPath(given.word(0)), mostMetadata(invocation));
  if (!before) {
    return console.failure(what, before.error());
  }
  const auto after =
      offline::openSnapshot(files, savepointPath(given.word(1)), mostMetadata(invocation));
  if (!after) {
    return console.failure(what, after.error());
  }
  offline::DiffSettings settings;
  settings.progress = [&console](std::uint64_t done, std::uint64_t all) {
    console.progress(fmt::format("Comparing: {} of {}", humanBytes(done), humanBytes(all)));
    return !interrupted.load();
  };
  const auto found = offline::diff(files, *before, *after, settings);
  if (!found) {
    return console.failure(what, found.error());
  }
  printDiff(console, *found);
  console.document(diffDocument(*before, *after, *found));
  return kDone;
}

}  // namespace

Command diffCommand() {
  return {.name = "savepoint diff",
          .meaning = "Compares two savepoints, entry by entry",
          .usage = {"[OPTIONS] A B"},
          .help =
              "For each operator (the same where the ids are) and state: how many keys B has\n"
              "more (+), less (-) and with another value (~) than A, and a few of each. What\n"
              "digests show to be equal is not read. Maps and sets are compared without the\n"
              "order of their elements. Keys of windows stand with their window. Exit status\n"
              "0 also where they differ: ask for '.equal' of the JSON document.\n"
              "Example:\n"
              "  weir savepoint diff /savepoints/savepoint-0123456789ab \\\n"
              "      /savepoints/savepoint-ba9876543210",
          .needs = {"the savepoint A", "the savepoint B"},
          .most_words = 2,
          .asks_job_manager = false,
          .run = diffGiven};
}

}  // namespace weir::client
