#include "common/offline/state_dump.h"

#include <limits>

#include "common/offline/json_text.h"
#include "common/offline/key_encoding.h"
#include "common/offline/value_json.h"
#include "common/offline/window_json.h"
#include "common/schema/key_group.h"
#include "common/schema/state_kinds.h"
#include "common/snapshot/section_opener.h"
#include "common/snapshot/state_files.h"

namespace weir::offline {
namespace {

constexpr std::size_t kLinesAtOnce = 256 * 1024;

/// A key that is looked for.
struct WantedKey {
  std::string text;
  std::uint32_t max_parallelism = 0;
};

/// The lines of one section's state.
class SectionDump {
 public:
  SectionDump(const state::SectionReader& section,
              std::size_t at,
              const state::WindowSchema& windows,
              const std::function<Status(std::string_view)>& write)
      : section_(section), at_(at), write_(write), windows_(windows) {}

  Status all() {
    constexpr KeyGroupRange kAll{0, std::numeric_limits<std::uint32_t>::max()};
    WEIR_RETURN_IF_ERROR(section_.readKeyed(at_, kAll, [&](const Entry& e) { return entry(e); }));
    return flush();
  }

  Status only(const WantedKey& wanted) {
    WEIR_TRY(const std::string encoded, encodeKey(wanted.text, summary().key_schema));
    WEIR_TRY(const std::string canonical, canonicalKey(encoded, summary().key_schema));
    const std::uint32_t group = groupOfKey(canonical, wanted.max_parallelism);
    WEIR_RETURN_IF_ERROR(section_.readKeyed(at_, {group, group}, [&](const Entry& one) -> Status {
      WEIR_TRY(const std::string theirs, canonicalKey(one.key, summary().key_schema));
      return theirs == canonical ? entry(one) : ok();
    }));
    return flush();
  }

  Status elements(std::uint32_t subtask) {
    WEIR_RETURN_IF_ERROR(section_.readElements(at_, [&](std::string_view bytes) -> Status {
      lines_ += "{\"subtask\":";
      appendDecimal(lines_, std::uint64_t{subtask});
      lines_ += ",\"value\":";
      WEIR_RETURN_IF_ERROR(values_.append(bytes, lines_));
      return endLine();
    }));
    return flush();
  }

 private:
  using Entry = state::SectionReader::Entry;

  const state::StateSummary& summary() const { return section_.states()[at_]; }

  Status entry(const Entry& one) {
    lines_ += "{\"key\":";
    WEIR_RETURN_IF_ERROR(keys_.append(one.key, lines_));
    lines_ += ",\"";
    lines_ += windows_.title();
    lines_ += "\":";
    WEIR_RETURN_IF_ERROR(windows_.append(one.name_space, lines_));
    lines_ += ",\"value\":";
    WEIR_RETURN_IF_ERROR(values_.append(one.value, lines_));
    return endLine();
  }

  Status endLine() {
    lines_ += "}\n";
    return lines_.size() < kLinesAtOnce ? ok() : flush();
  }

  Status flush() {
    Status written = lines_.empty() ? ok() : write_(lines_);
    lines_.clear();
    return written;
  }

  const state::SectionReader& section_;
  const std::size_t at_;
  const std::function<Status(std::string_view)>& write_;
  ValueJson keys_{summary().key_schema};
  ValueJson values_{summary().value_schema};
  WindowJson windows_;
  std::string lines_;
};

Status dumpSection(const state::SectionReader& section,
                   const ChosenState& chosen,
                   std::uint32_t subtask,
                   const std::optional<std::string>& key,
                   const std::function<Status(std::string_view)>& write) {
  const int at = section.find(chosen.state->name, chosen.state->kind);
  if (at < 0) {
    return ok();
  }
  SectionDump dump(section, static_cast<std::size_t>(at), chosen.op->windows, write);
  if (!isKeyed(chosen.state->kind)) {
    return dump.elements(subtask);
  }
  return key ? dump.only({*key, chosen.op->max_parallelism}) : dump.all();
}

}  // namespace

Status dumpState(fs::FileSystem& files,
                 const runtime::CheckpointMetadata& metadata,
                 const ChosenState& chosen,
                 const std::optional<std::string>& key,
                 const std::function<Status(std::string_view)>& write) {
  const runtime::SavedOperator& op = *chosen.op;
  std::optional<std::uint32_t> only;
  if (key && !isKeyed(chosen.state->kind)) {
    return Error(ErrorCode::kInvalidArgument,
                 "state '" + chosen.state->name + "' is not by key (" +
                     std::string(toString(chosen.state->kind)) + ")")
        .advise("leave --key out");
  }
  if (key) {
    WEIR_TRY(const std::string encoded, encodeKey(*key, chosen.state->key));
    WEIR_TRY(const std::string canonical, canonicalKey(encoded, chosen.state->key));
    const std::uint32_t group = groupOfKey(canonical, op.max_parallelism);
    only = subtaskOf(group, op.parallelism, op.max_parallelism);
  }
  snapshot::SectionOpener opener(files);
  for (const runtime::SubtaskState& subtask : op.subtasks) {
    if (subtask.handle.storage == runtime::SectionHandle::Storage::kNone ||
        (only && subtask.subtask != *only)) {
      continue;
    }
    const std::string where = "operator '" + calledBy(op) + "', state '" + chosen.state->name +
                              "', subtask " + std::to_string(subtask.subtask + 1);
    const runtime::SectionHandle handle = snapshot::resolve(metadata, subtask.handle);
    WEIR_TRY(const auto section, opener.open(handle).during(where));
    WEIR_RETURN_IF_ERROR(dumpSection(*section, chosen, subtask.subtask, key, write).during(where));
  }
  return ok();
}

}  // namespace weir::offline
