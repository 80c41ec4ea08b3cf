// Sections that earlier releases wrote are read and checked for ever.
#include <filesystem>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "common/fs/local_file_system.h"
#include "common/snapshot/metadata_file.h"
#include "common/snapshot/section_opener.h"
#include "common/snapshot/state_files.h"

namespace weir::snapshot {
namespace {

/// tests/golden, seen from this file.
std::filesystem::path golden() {
  return std::filesystem::absolute(__FILE__)
             .parent_path()
             .parent_path()
             .parent_path()
             .parent_path() /
         "golden";
}

/// The format versions of all sections of a savepoint, each of which is intact.
std::set<std::uint32_t> versionsOf(const std::string& folder) {
  fs::LocalFileSystem files;
  std::set<std::uint32_t> versions;
  const auto metadata = readMetadata(files, (golden() / folder / "savepoint").string());
  EXPECT_TRUE(metadata.has_value()) << metadata.error().text();
  SectionOpener opener(files);
  for (const runtime::SavedOperator& one : metadata->operators) {
    for (const runtime::SubtaskState& subtask : one.subtasks) {
      if (subtask.handle.storage == runtime::SectionHandle::Storage::kNone) {
        continue;
      }
      const auto section = opener.open(resolve(*metadata, subtask.handle));
      EXPECT_TRUE(section.has_value()) << section.error().text();
      EXPECT_TRUE((*section)->verify().has_value());
      EXPECT_EQ((*section)->hasDigests(), (*section)->formatVersion() > 1);
      versions.insert((*section)->formatVersion());
    }
  }
  return versions;
}

TEST(GoldenSectionsTest, EveryVersionIsReadAndIntact) {
  EXPECT_EQ(versionsOf("0.1.0"), std::set<std::uint32_t>{1});
  EXPECT_EQ(versionsOf("0.1.0-sections-2"), std::set<std::uint32_t>{2});
}

}  // namespace
}  // namespace weir::snapshot
