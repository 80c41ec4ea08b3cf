#include "common/offline/state_choice.h"

#include <algorithm>

#include "common/base/nearest.h"
#include "common/base/utf8.h"

namespace weir::offline {
namespace {

std::string listOf(const std::vector<std::string>& names) {
  std::string list;
  for (const std::string& name : names) {
    list += "\n  " + escaped(name);
  }
  return list;
}

/// `text` is what was asked for, by the name `asked`.
Error notFound(const std::string& what,
               std::string_view text,
               std::string_view asked,
               const std::vector<std::string>& names) {
  const std::string_view near =
      similar(asked, std::vector<std::string_view>(names.begin(), names.end()));
  Error error(ErrorCode::kNotFound,
              "there is no " + what + " '" + escaped(text) + "' in it; it has" +
                  (names.empty() ? " none" : " these" + listOf(names)));
  return near.empty() ? error : std::move(error).advise("did you mean '" + escaped(near) + "'?");
}

Result<const runtime::SavedState*> stateOf(const runtime::SavedOperator& one,
                                           std::string_view name) {
  std::vector<std::string> names;
  for (const runtime::SavedState& state : one.states) {
    if (state.name == name) {
      return &state;
    }
    names.push_back(state.name);
  }
  return notFound("state", calledBy(one) + "/" + std::string(name), name, names);
}

}  // namespace

std::string calledBy(const runtime::SavedOperator& one) {
  return one.uid.empty() ? one.name : one.uid;
}

Result<const runtime::SavedOperator*> chooseOperator(const runtime::CheckpointMetadata& metadata,
                                                     std::string_view text) {
  std::vector<const runtime::SavedOperator*> named;
  std::vector<std::string> names;
  for (const runtime::SavedOperator& one : metadata.operators) {
    if (!text.empty() && (one.uid == text || one.id.hex() == text)) {
      return &one;
    }
    if (one.name == text) {
      named.push_back(&one);
    }
    names.push_back(calledBy(one));
  }
  if (named.size() == 1) {
    return named.front();
  }
  if (named.empty()) {
    return notFound("operator", text, text, names);
  }
  std::vector<std::string> ids;
  for (const runtime::SavedOperator* one : named) {
    ids.push_back(one->id.hex() + (one->uid.empty() ? "" : " (uid " + one->uid + ")"));
  }
  return Error(ErrorCode::kInvalidArgument,
               std::to_string(named.size()) + " operators are called '" + escaped(text) +
                   "'; name one by its id" + listOf(ids));
}

Result<ChosenState> chooseState(const runtime::CheckpointMetadata& metadata,
                                std::string_view text) {
  const Error none(ErrorCode::kInvalidArgument,
                   "'" + escaped(text) + "' names no state: it is OPERATOR/STATE");
  Result<ChosenState> first = none;
  for (std::size_t slash = text.find('/'); slash != std::string_view::npos;
       slash = text.find('/', slash + 1)) {
    const auto op = chooseOperator(metadata, text.substr(0, slash));
    if (!op) {
      if (first.error().message() == none.message()) {
        first = op.error();
      }
      continue;
    }
    const auto state = stateOf(**op, text.substr(slash + 1));
    if (state) {
      return ChosenState{*op, *state};
    }
    first = state.error();
  }
  return first;
}

}  // namespace weir::offline
