#pragma once

#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "common/fs/file_system.h"
#include "common/fs/uri.h"
#include "common/record/key_hash.h"
#include "common/record/serializer.h"
#include "common/runtime/checkpoint_metadata.h"
#include "common/snapshot/metadata_file.h"
#include "common/state/section.h"

namespace weir::offline {

template <typename T>
std::string encodedAs(const T& value) {
  Writer to;
  record::write(value, to);
  return to.str();
}

/// A sink that keeps what it is given.
class SectionBytes final : public state::ByteSink {
 public:
  Status append(std::string_view bytes) override {
    text += bytes;
    return ok();
  }
  std::string text;
};

/// Writes a savepoint of two operators: "counter", with a count for each key over two subtasks,
/// each in a file, and "Source", with a list in the metadata itself. With `name_space` that is the
/// one that all counts are in, and `windows` what is said of it.
class SmallSavepoint {
 public:
  static constexpr std::uint32_t kMaxParallelism = 8;

  /// With `data` that is the directory of the files.
  SmallSavepoint(fs::FileSystem& files, std::string directory, std::string data = {})
      : files_(files), directory_(std::move(directory)), data_(std::move(data)) {}

  void write(const std::map<std::string, std::int64_t>& counts,
             const std::vector<std::int32_t>& elements) {
    metadata.writer = "0.1.0";
    metadata.job = *JobId::parse("0123456789abcdef0123456789abcdef");
    metadata.job_name = "count";
    metadata.checkpoint = CheckpointId(7);
    metadata.savepoint = true;
    metadata.trigger_millis = 1'700'000'000'000;
    metadata.duration_millis = 12;
    metadata.max_parallelism = kMaxParallelism;
    metadata.data_directory = data_;
    metadata.location = directory_;
    metadata.program_hash = std::string(64, 'a');
    metadata.operators = {counter(counts), source(elements)};
    const Status written = snapshot::writeMetadata(files_, directory_, metadata);
    ASSERT_TRUE(written.has_value()) << written.error().message();
  }

  static std::string fileName(std::uint32_t subtask) {
    return "0000000a-" + std::to_string(subtask) + "-1-0123abcd";
  }

  runtime::CheckpointMetadata metadata;
  std::string name_space;
  state::WindowSchema windows;

 private:
  runtime::SectionHandle store(const state::SectionInfo& info,
                               const std::string& bytes,
                               const std::string& name) const {
    runtime::SectionHandle handle;
    handle.storage = name.empty() ? runtime::SectionHandle::Storage::kInline
                                  : runtime::SectionHandle::Storage::kFile;
    handle.size = info.size;
    handle.checksum = info.checksum;
    if (name.empty()) {
      handle.bytes = bytes;
      return handle;
    }
    handle.location = name;
    const std::string path = fs::join(data_.empty() ? directory_ : data_, name);
    EXPECT_TRUE(fs::writeAll(files_, path, bytes).has_value());
    return handle;
  }

  /// The section of one subtask; its numbers go into `saved`.
  runtime::SubtaskState part(std::uint32_t subtask,
                             const std::map<std::string, std::int64_t>& counts,
                             runtime::SavedState& saved) const {
    std::multimap<std::uint32_t, std::string> by_group;
    for (const auto& [key, count] : counts) {
      const std::uint32_t group = keyGroupOf(keyHash(key), kMaxParallelism);
      if (subtaskOf(group, 2, kMaxParallelism) == subtask) {
        by_group.emplace(group, key);
      }
    }
    SectionBytes bytes;
    state::SectionWriter writer(bytes, "0.1.0");
    EXPECT_TRUE(
        writer
            .beginState({.name = saved.name, .kind = saved.kind, .schema = saved.value}, saved.key)
            .has_value());
    for (const auto& [group, key] : by_group) {
      EXPECT_TRUE(
          writer.entry(group, encodedAs(key), name_space, encodedAs(counts.at(key))).has_value());
    }
    EXPECT_TRUE(writer.endState().has_value());
    const auto info = writer.finish();
    EXPECT_TRUE(info.has_value());
    saved.entries += info->states[0].entries;
    saved.bytes += info->states[0].bytes;
    return {.subtask = subtask, .handle = store(*info, bytes.text, fileName(subtask))};
  }

  runtime::SavedOperator counter(const std::map<std::string, std::int64_t>& counts) const {
    runtime::SavedOperator one;
    one.id = *OperatorId::parse("0000000a000000000000000000000001");
    one.uid = "counter";
    one.name = "Count per word";
    one.parallelism = 2;
    one.max_parallelism = kMaxParallelism;
    one.windows = windows;
    runtime::SavedState saved;
    saved.name = "seen";
    saved.key = record::schemaOf<std::string>();
    saved.value = record::schemaOf<std::int64_t>();
    for (std::uint32_t subtask = 0; subtask < 2; ++subtask) {
      one.subtasks.push_back(part(subtask, counts, saved));
    }
    one.states = {saved};
    return one;
  }

  runtime::SavedOperator source(const std::vector<std::int32_t>& elements) const {
    runtime::SavedOperator one;
    one.id = *OperatorId::parse("0000000b000000000000000000000001");
    one.name = "Source";
    one.max_parallelism = kMaxParallelism;
    runtime::SavedState saved;
    saved.name = "offsets";
    saved.kind = state::StateKind::kOperatorList;
    saved.value = record::schemaOf<std::int32_t>();
    SectionBytes bytes;
    state::SectionWriter writer(bytes, "0.1.0");
    EXPECT_TRUE(writer
                    .beginState({.name = saved.name,
                                 .kind = saved.kind,
                                 .mode = state::ListMode::kSplit,
                                 .schema = saved.value})
                    .has_value());
    for (const std::int32_t element : elements) {
      EXPECT_TRUE(writer.element(encodedAs(element)).has_value());
    }
    EXPECT_TRUE(writer.endState().has_value());
    const auto info = writer.finish();
    saved.entries = info->states[0].entries;
    saved.bytes = info->states[0].bytes;
    one.states = {saved};
    one.subtasks = {{.subtask = 0, .handle = store(*info, bytes.text, "")}};
    return one;
  }

  fs::FileSystem& files_;
  const std::string directory_;
  const std::string data_;
};

}  // namespace weir::offline
