#include "common/snapshot/surroundings.h"

#include <algorithm>

#include "common/base/text.h"
#include "common/base/utf8.h"
#include "common/graph/below.h"

namespace weir::snapshot {
namespace {

constexpr int kMostDrawn = 24;  // Operators of one picture; graphs may be much larger.
constexpr int kDeepest = 12;
constexpr std::size_t kLongestName = 64;

std::string nameOf(const std::string& name, const std::string& kind) {
  const std::string shown = "'" + escaped(cutText(name, kLongestName)) + "'";
  return name == kind ? shown : shown + " (" + escaped(cutText(kind, kLongestName)) + ")";
}

}  // namespace

void Surroundings::Side::connect(std::size_t producer, std::size_t consumer) {
  consumers[producer].push_back(consumer);
  producers[consumer].push_back(producer);
}

Surroundings::Surroundings(const runtime::CheckpointMetadata& metadata,
                           const graph::JobGraph& graph)
    : below_(graph::structuresBelow(graph)) {
  const auto sized = [](Side& side, std::size_t count) {
    side.producers.resize(count);
    side.consumers.resize(count);
  };
  sized(before_, metadata.operators.size());
  for (const runtime::SavedOperator& one : metadata.operators) {
    before_.index.emplace(one.id, before_.names.size());
    before_.names.push_back(nameOf(one.name, one.kind));
  }
  for (std::size_t i = 0; i < metadata.operators.size(); ++i) {
    for (const runtime::OperatorConsumer& consumer : metadata.operators[i].consumers) {
      if (auto found = before_.index.find(consumer.id); found != before_.index.end()) {
        before_.connect(i, found->second);
      }
    }
  }
  sized(now_, graph.operators.size());
  for (const graph::JobOperator& one : graph.operators) {
    now_.index.emplace(one.id, now_.names.size());
    now_.names.push_back(nameOf(one.name, one.kind));
  }
  const auto consumers = graph::consumersByOperator(graph);
  for (std::size_t i = 0; i < consumers.size(); ++i) {
    for (const graph::Consumer& consumer : consumers[i]) {
      now_.connect(i, consumer.index);
    }
  }
}

bool Surroundings::differ(const runtime::SavedOperator& old, const graph::JobOperator& now) const {
  if (!old.uid.empty() || !now.uid.empty() || old.id != now.id) {
    return false;
  }
  return old.siblings != now.siblings ||
         (recorded(old) && *old.below != below_[now_.index.at(now.id)]);
}

std::string Surroundings::pictures(const runtime::SavedOperator& old,
                                   const graph::JobOperator& now) const {
  const std::string before = before_.draw(before_.index.at(old.id)) +
                             (recorded(old) ? "" : " (what stood around it was not recorded)");
  const std::string after = now_.draw(now_.index.at(now.id));
  std::string text = "\n    savepoint: " + before + "\n    program:   " + after;
  if (old.siblings != now.siblings) {
    text += "\n    operators of equal structure: " + std::to_string(old.siblings) +
            " in the savepoint, " + std::to_string(now.siblings) + " in the program";
  } else if (before == after) {
    text += "\n    the difference is further below";
  }
  return text;
}

std::string Surroundings::Side::draw(std::size_t at) const {
  std::string above;
  for (std::size_t i = 0; i < producers[at].size() && i < 4; ++i) {
    above += (i == 0 ? "" : ", ") + names[producers[at][i]];
  }
  above += producers[at].size() > 4 ? ", ..." : "";
  int budget = kMostDrawn;
  return (above.empty() ? "" : above + " -> ") + "[" + names[at] + "]" +
         drawBelow(at, kDeepest, budget);
}

std::string Surroundings::Side::drawBelow(std::size_t at, int depth, int& budget) const {
  const std::vector<std::size_t>& below = consumers[at];
  if (below.empty()) {
    return {};
  }
  if (depth == 0 || budget <= 0) {
    return " -> ...";
  }
  std::string text;
  for (std::size_t i = 0; i < below.size() && budget > 0; ++i) {
    --budget;
    text += (i == 0 ? "" : ", ") + names[below[i]] + drawBelow(below[i], depth - 1, budget);
    if (budget <= 0 && i + 1 < below.size()) {
      text += ", ...";
    }
  }
  return below.size() == 1 ? " -> " + text : " -> (" + text + ")";
}

}  // namespace weir::snapshot
