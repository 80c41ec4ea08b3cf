#include <algorithm>
#include <cstdio>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "common/base/utf8.h"
#include "common/client/command_table.h"
#include "common/client/job_events.h"
#include "common/client/json_text.h"
#include "common/offline/snapshot_description.h"
#include "common/offline/state_choice.h"
#include "common/offline/state_dump.h"
#include "common/remote/remote_file_systems.h"
#include "common/schema/state_kinds.h"

namespace weir::client {
namespace {

using offline::DescribedOperator;
using offline::DescribedState;
using offline::SnapshotDescription;

std::string plural(std::uint64_t count, const std::string& what) {
  return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

std::string schemaOf(const DescribedState& state) {
  const std::string value = record::describeSchema(state.saved.value);
  return isKeyed(state.saved.kind) ? record::describeSchema(state.saved.key) + " -> " + value
                                   : value;
}

/// Lines of `text` below `indent` blanks, cut where a word is longer than a line.
void printIndented(Console& console, const std::string& text, std::size_t indent) {
  console.result(withMargin(wrapped(text, 80 - indent), indent));
}

void printState(Console& console,
                const DescribedState& state,
                std::uint32_t parallelism,
                std::uint32_t max_parallelism) {
  const runtime::SavedState& saved = state.saved;
  std::string line =
      fmt::format("state '{}', {}: {}, {}",
                  escaped(saved.name),
                  toString(saved.kind),
                  saved.entries == 1 ? "1 entry" : fmt::format("{} entries", saved.entries),
                  humanBytes(saved.bytes));
  if (isKeyed(saved.kind)) {
    line += fmt::format("; {} of {} key groups", state.key_groups, max_parallelism);
  }
  line += fmt::format("; {} of {}", state.subtasks, plural(parallelism, "subtask"));
  line += saved.declared_late ? "; declared in open()" : "";
  printIndented(console, line, 2);
  printIndented(console, escaped(schemaOf(state)), 4);
}

void printOperator(Console& console, const DescribedOperator& described) {
  const runtime::SavedOperator& one = *described.saved;
  console.result(
      one.uid.empty()
          ? fmt::format("\nOperator '{}', without uid", escaped(one.name))
          : fmt::format("\nOperator '{}', uid '{}'", escaped(one.name), escaped(one.uid)));
  const auto finished = std::ranges::count_if(one.subtasks, &runtime::SubtaskState::finished);
  std::string line = fmt::format("id {}, parallelism {}, {}",
                                 one.id.hex(),
                                 one.parallelism,
                                 described.bytes == 0 ? "no state" : humanBytes(described.bytes));
  line +=
      finished == 0 ? "" : fmt::format("; the input of {} had ended", plural(finished, "subtask"));
  line += one.fixed_parallelism_state ? "; restores at this parallelism only" : "";
  line += one.holdsCustomHandles() ? "; holds state handles of its program's making" : "";
  printIndented(console, line, 2);
  if (state::isByWindow(one.windows)) {
    printIndented(console, "by window: " + escaped(state::describeWindows(one.windows)), 2);
  }
  for (const DescribedState& state : described.states) {
    printState(console, state, one.parallelism, one.max_parallelism);
  }
}

std::uint64_t inFlightBytes(const runtime::CheckpointMetadata& metadata) {
  std::uint64_t sum = 0;
  for (const runtime::SavedOperator& one : metadata.operators) {
    for (const runtime::SavedState& state : one.states) {
      sum += state.kind == state::StateKind::kInFlight ? state.bytes : 0;
    }
  }
  return sum;
}

void printText(Console& console,
               const snapshot::Opened& opened,
               const SnapshotDescription& description) {
  const runtime::CheckpointMetadata& metadata = opened.metadata;
  const auto line = [&](std::string_view title, const std::string& text) {
    const std::string lines = wrapped(text, 80 - 14);
    console.result(fmt::format("  {:<12}{}", title, withMargin(lines, 14).substr(14)));
  };
  console.result(
      fmt::format("{} {}", metadata.savepoint ? "Savepoint" : "Checkpoint", escaped(opened.path)));
  line("job", fmt::format("{} ({})", metadata.job.hex(), escaped(metadata.job_name)));
  line("checkpoint", std::to_string(metadata.checkpoint.value()));
  line("taken",
       fmt::format("{}, in {} ms", listTime(metadata.trigger_millis), metadata.duration_millis));
  line("written by",
       fmt::format("Weir {}, format {}", escaped(metadata.writer), description.format));
  line("program", metadata.program_hash.empty() ? "unknown" : escaped(metadata.program_hash));
  line("maximum", fmt::format("parallelism {}", metadata.max_parallelism));
  if (!description.label.empty()) {
    line("label", escaped(description.label));
  }
  for (const JobId user : description.users) {
    line("needed by", "job " + user.hex() + ", which would recover from it");
  }
  line("size",
       fmt::format("{} in {}, {}",
                   humanBytes(metadata.bytes()),
                   plural(metadata.operators.size(), "operator"),
                   plural(description.files.size(), "file")));
  if (metadata.hasInFlight()) {
    line("in flight",
         humanBytes(inFlightBytes(metadata)) + " of records that its barriers had overtaken");
  }
  line("lies",
       description.self_contained ? std::string("in its own directory: it can be copied and moved")
                                  : "in " + escaped(metadata.data_directory) +
                                        ": 'weir savepoint export' makes a copy that can be moved");
  for (const DescribedOperator& one : description.operators) {
    printOperator(console, one);
  }
}

nlohmann::json stateJson(const DescribedState& state) {
  const runtime::SavedState& saved = state.saved;
  nlohmann::json json = {{"name", saved.name},
                         {"kind", toString(saved.kind)},
                         {"schema", record::describeSchema(saved.value)},
                         {"entries", saved.entries},
                         {"size", saved.bytes},
                         {"declared-late", saved.declared_late},
                         {"subtasks", state.subtasks}};
  if (isKeyed(saved.kind)) {
    json["key-schema"] = record::describeSchema(saved.key);
    json["key-groups"] = state.key_groups;
  }
  return json;
}

nlohmann::json operatorJson(const DescribedOperator& described) {
  const runtime::SavedOperator& one = *described.saved;
  nlohmann::json states = nlohmann::json::array();
  for (const DescribedState& state : described.states) {
    states.push_back(stateJson(state));
  }
  nlohmann::json json = {
      {"id", one.id.hex()},
      {"uid", one.uid},
      {"name", one.name},
      {"kind", one.kind},
      {"parallelism", one.parallelism},
      {"max-parallelism", one.max_parallelism},
      {"size", described.bytes},
      {"finished-subtasks", std::ranges::count_if(one.subtasks, &runtime::SubtaskState::finished)},
      {"fixed-parallelism", one.fixed_parallelism_state},
      {"custom-handles", one.holdsCustomHandles()},
      {"states", states}};
  if (one.windows) {
    json["windows"] = state::isByWindow(one.windows)
                          ? nlohmann::json(record::describeSchema(*one.windows))
                          : nullptr;
  }
  return json;
}

std::string document(const snapshot::Opened& opened, const SnapshotDescription& description) {
  const runtime::CheckpointMetadata& metadata = opened.metadata;
  nlohmann::json users = nlohmann::json::array();
  for (const JobId user : description.users) {
    users.push_back(user.hex());
  }
  nlohmann::json operators = nlohmann::json::array();
  for (const DescribedOperator& one : description.operators) {
    operators.push_back(operatorJson(one));
  }
  return jsonText({{"path", opened.path},
                   {"savepoint", metadata.savepoint},
                   {"jobid", metadata.job.hex()},
                   {"job-name", metadata.job_name},
                   {"checkpoint-id", metadata.checkpoint.value()},
                   {"created", metadata.trigger_millis},
                   {"duration", metadata.duration_millis},
                   {"writer", metadata.writer},
                   {"format", description.format},
                   {"in-flight-size", inFlightBytes(metadata)},
                   {"program-sha256", metadata.program_hash},
                   {"max-parallelism", metadata.max_parallelism},
                   {"label", description.label},
                   {"needed-by", users},
                   {"size", metadata.bytes()},
                   {"self-contained", description.self_contained},
                   {"data-directory", metadata.data_directory},
                   {"files", description.files},
                   {"operators", operators},
                   {"unreadable", description.unreadable}});
}

/// With --json the lines are the elements of one array.
int dump(const Invocation& invocation,
         fs::FileSystem& files,
         const snapshot::Opened& opened,
         const std::string& what,
         const Given& given) {
  Console& console = invocation.console;
  const auto chosen = offline::chooseState(opened.metadata, given.value("--dump"));
  if (!chosen) {
    return console.failure(what, chosen.error());
  }
  const bool json = console.json();
  bool first = true;
  const auto write = [&](std::string_view lines) -> Status {
    if (interrupted.load()) {
      return Error(ErrorCode::kCancelled, "interrupted");
    }
    if (!json) {
      first = first && lines.empty();
      return console.stream(lines);
    }
    std::string elements;
    for (std::size_t from = 0; from < lines.size();) {
      const std::size_t end = lines.find('\n', from);
      elements += first ? "[\n" : ",\n";
      elements += lines.substr(from, end - from);
      first = false;
      from = end + 1;
    }
    return console.stream(elements);
  };
  const auto key = given.has("--key") ? std::optional(given.value("--key")) : std::nullopt;
  Status dumped = offline::dumpState(files, opened.metadata, *chosen, key, write);
  if (json && dumped) {
    dumped = console.stream(first ? "[]\n" : "\n]\n");
  }
  if (!dumped) {
    const bool begun = json && !first;  // A second document would not make the first one whole.
    return begun ? console.failure(what, dumped.error(), "")
                 : console.failure(what, dumped.error());
  }
  if (key && first) {
    console.note(
        fmt::format("Key {} has no entry in {}.", escaped(*key), escaped(given.value("--dump"))));
  }
  return kDone;
}

int inspectGiven(const Invocation& invocation, const Given& given) {
  Console& console = invocation.console;
  const std::string what = "savepoint inspect " + given.word(0);
  if (given.has("--key") && !given.has("--dump")) {
    return wrongUse(console, "savepoint inspect", "--key needs --dump OPERATOR/STATE");
  }
  fs::FileSystems files = remote::fileSystems(invocation.configuration);
  const auto opened =
      offline::openSnapshot(files, savepointPath(given.word(0)), mostMetadata(invocation));
  if (!opened) {
    return console.failure(what, opened.error());
  }
  if (given.has("--dump")) {
    return dump(invocation, files, *opened, what, given);
  }
  const SnapshotDescription description = offline::describe(files, *opened);
  printText(console, *opened, description);
  for (const std::string& one : description.unreadable) {
    console.note("warning: " + escaped(one));
  }
  console.document(document(*opened, description));
  return kDone;
}

}  // namespace

Command inspectCommand() {
  return {
      .name = "savepoint inspect",
      .meaning = "Shows what a savepoint or checkpoint holds, and its values",
      .usage = {"[OPTIONS] PATH [--dump OPERATOR/STATE [--key K]]"},
      .help =
          "OPERATOR is a uid, an id or a name. Values are shown from their schema alone:\n"
          "{\"key\": ..., \"namespace\": null, \"value\": ...} a line, state of windows\n"
          "{\"key\": ..., \"window\": ..., \"value\": ...}, operator state\n"
          "{\"subtask\": ..., \"value\": ...}; share/doc/weir/json_mapping.md\n"
          "says how every type looks.\n"
          "Examples:\n"
          "  weir savepoint inspect file:/savepoints/savepoint-0123456789ab\n"
          "  weir savepoint inspect /savepoints/savepoint-0123456789ab \\\n"
          "      --dump counter/seen --key alice",
      .options = {{"--dump", "Prints the values of one state as lines of JSON", "OPERATOR/STATE"},
                  {"--key", "With --dump: only of this key, as JSON or bare text", "K"}},
      .needs = {"the PATH to inspect"},
      .most_words = 1,
      .asks_job_manager = false,
      .run = inspectGiven};
}

}  // namespace weir::client
