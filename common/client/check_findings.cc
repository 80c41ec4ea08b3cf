#include "common/client/check_findings.h"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "common/base/utf8.h"

namespace weir::client {
namespace {

/// Each line escaped; those after the first keep their indentation.
std::string escapedLines(const std::string& text) {
  std::string lines;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    lines += (begin == 0 ? "" : "\n") + escaped(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return lines;
}

}  // namespace

CheckFindings::CheckFindings(const runtime::CheckpointMetadata& metadata,
                             const graph::JobGraph& graph)
    : metadata_(metadata), graph_(graph) {}

void CheckFindings::put(std::vector<Finding>& list,
                        std::map<Key, std::size_t>& index,
                        const runtime::CheckProblem& problem,
                        bool whole_sentence) {
  const auto [found, fresh] =
      index.emplace(Key(problem.id, problem.state, problem.what), list.size());
  if (fresh) {
    list.push_back({problem, whole_sentence, 0, {}, {}});
  }
  Finding& finding = list[found->second];
  finding.entries += problem.entries;
  finding.subtasks.insert(problem.subtask);
  if (!problem.file.empty()) {
    finding.files.insert(problem.file);
  }
}

void CheckFindings::add(const snapshot::MatchProblem& problem) {
  runtime::CheckProblem found;
  found.id = problem.id;
  found.state = problem.state;
  found.what = problem.what;
  put(problems_, problem_index_, found, true);
}

void CheckFindings::add(const runtime::CheckProblem& problem) {
  if (problem.noted) {
    put(notes_, note_index_, problem, false);
  } else {
    put(problems_, problem_index_, problem, false);
  }
}

void CheckFindings::add(const runtime::OperatorChecked& checked) {
  checked_.push_back(checked);
  entries_ += checked.entries;
  bytes_ += checked.bytes;
}

CheckFindings::Named CheckFindings::named(OperatorId id) const {
  const auto current = std::ranges::find(graph_.operators, id, &graph::JobOperator::id);
  if (current != graph_.operators.end()) {
    return {current->name, current->uid};
  }
  const auto old = std::ranges::find(metadata_.operators, id, &runtime::SavedOperator::id);
  return old == metadata_.operators.end() ? Named() : Named{old->name, old->uid};
}

std::string CheckFindings::line(const Finding& finding) const {
  const runtime::CheckProblem& first = finding.first;
  if (finding.whole_sentence || first.id == OperatorId()) {
    return escapedLines(first.what);
  }
  const Named who = named(first.id);
  std::string text = fmt::format("operator '{}' ({}, id {})",
                                 escaped(who.name),
                                 who.uid.empty() ? "no uid" : "uid " + escaped(who.uid),
                                 first.id.hex());
  if (!first.state.empty()) {
    text += fmt::format(", state '{}'", escaped(first.state));
  }
  if (first.key_group) {
    text += fmt::format(", key group {}", *first.key_group);
  }
  text += fmt::format(", subtask {}", first.subtask + 1);
  if (finding.subtasks.size() > 1) {
    text += fmt::format(" and {} more", finding.subtasks.size() - 1);
  }
  if (!first.file.empty() && first.what.find(first.file) == std::string::npos) {
    text += ", in " + escaped(first.file);
    if (finding.files.size() > 1) {
      text += fmt::format(" and {} more", finding.files.size() - 1);
    }
  }
  text += ": " + escapedLines(first.what);
  if (finding.entries > 0) {
    text += fmt::format(" ({} {})", finding.entries, finding.entries == 1 ? "entry" : "entries");
  }
  return text;
}

std::set<std::string> CheckFindings::files() const {
  std::set<std::string> files;
  for (const Finding& one : problems_) {
    files.insert(one.files.begin(), one.files.end());
  }
  return files;
}

std::vector<std::string> CheckFindings::problemLines() const {
  std::vector<std::string> lines;
  for (const Finding& one : problems_) {
    lines.push_back(line(one));
  }
  return lines;
}

std::vector<std::string> CheckFindings::noteLines() const {
  std::vector<std::string> lines;
  for (const Finding& one : notes_) {
    lines.push_back(line(one));
  }
  return lines;
}

nlohmann::json CheckFindings::describe(const Finding& finding) const {
  const runtime::CheckProblem& first = finding.first;
  nlohmann::json entry = {{"what", first.what}};
  if (first.id != OperatorId()) {
    const Named who = named(first.id);
    entry["operator"] = {{"id", first.id.hex()}, {"uid", who.uid}, {"name", who.name}};
  }
  if (!first.state.empty()) {
    entry["state"] = first.state;
  }
  if (!finding.whole_sentence && first.id != OperatorId()) {
    entry["subtasks"] = finding.subtasks;
  }
  if (first.key_group) {
    entry["key-group"] = *first.key_group;
  }
  if (!finding.files.empty()) {
    entry["files"] = finding.files;
  }
  if (finding.entries > 0) {
    entry["entries"] = finding.entries;
  }
  return entry;
}

nlohmann::json CheckFindings::document() const {
  nlohmann::json operators = nlohmann::json::array();
  for (const runtime::OperatorChecked& one : checked_) {
    const Named who = named(one.id);
    operators.push_back({{"id", one.id.hex()},
                         {"uid", who.uid},
                         {"name", who.name},
                         {"entries", one.entries},
                         {"bytes", one.bytes}});
  }
  nlohmann::json problems = nlohmann::json::array();
  for (const Finding& one : problems_) {
    problems.push_back(describe(one));
  }
  nlohmann::json notes = nlohmann::json::array();
  for (const Finding& one : notes_) {
    notes.push_back(describe(one));
  }
  return {{"fits", problems_.empty()},
          {"operators", std::move(operators)},
          {"problems", std::move(problems)},
          {"left-out", std::move(notes)},
          {"entries", entries_},
          {"bytes", bytes_}};
}

}  // namespace weir::client
