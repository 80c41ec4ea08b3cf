#include "common/rocksdb/table_manifest.h"

#include <gtest/gtest.h>

#include "tests/unit/common/state/fixtures.h"

namespace weir::rocks {
namespace {

TableManifest sample() {
  TableManifest manifest;
  manifest.key_schema.kind = record::SchemaKind::kString;
  manifest.names_hold_keys = true;
  manifest.states.push_back(
      {{"counts", state::StateKind::kValue, state::ListMode::kNone, manifest.key_schema},
       "state-counts"});
  manifest.tables.push_back({"000012.sst", "0a0b0c0d-0-1-7-00000001", 4096, 17});
  manifest.files.push_back({"CURRENT", "MANIFEST-000005\n"});
  return manifest;
}

state::MemoryFile fileOf(std::string bytes) {
  state::MemoryFile file;
  file.bytes = std::move(bytes);
  file.file_name = "f";
  return file;
}

TEST(TableManifestTest, IsReadAsItWasWritten) {
  const std::string bytes = sample().encode();
  const auto read = readManifest(fileOf(bytes + "the rest"));
  ASSERT_TRUE(read.has_value()) << read.error().text();
  EXPECT_EQ(read->size, bytes.size());
  EXPECT_EQ(read->manifest.encode(), bytes);
  EXPECT_EQ(read->manifest.tables[0].shared, "0a0b0c0d-0-1-7-00000001");
  EXPECT_TRUE(*hasManifest(fileOf(bytes)));
  EXPECT_FALSE(*hasManifest(fileOf("WEIRSEC\x01 and so on, longer than the head of a manifest")));
}

TEST(TableManifestTest, AnyOtherByteIsRefused) {
  const std::string bytes = sample().encode();
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    std::string other = bytes;
    other[i] = static_cast<char>(other[i] ^ 1);
    EXPECT_FALSE(readManifest(fileOf(other)).has_value()) << "byte " << i;
    EXPECT_FALSE(readManifest(fileOf(bytes.substr(0, i))).has_value()) << "the first " << i;
  }
}

TEST(TableManifestTest, ANameThatLeadsElsewhereIsRefused) {
  for (const char* name : {"../000012.sst", "", ".hidden", "a/b"}) {
    TableManifest manifest = sample();
    manifest.tables[0].name = name;
    const auto read = readManifest(fileOf(manifest.encode()));
    ASSERT_FALSE(read.has_value()) << name;
    EXPECT_EQ(read.error().code(), ErrorCode::kCorruption);
  }
}

TEST(TableManifestTest, AKindOfStateThatCannotLieInTablesIsRefused) {
  for (const auto kind : {0, 7, 8, 10, 255}) {
    TableManifest manifest = sample();
    manifest.states[0].info.kind = static_cast<state::StateKind>(kind);
    const auto read = readManifest(fileOf(manifest.encode()));
    ASSERT_FALSE(read.has_value()) << kind;
    EXPECT_NE(read.error().text().find("state 'counts'"), std::string::npos) << read.error().text();
  }
}

}  // namespace
}  // namespace weir::rocks
