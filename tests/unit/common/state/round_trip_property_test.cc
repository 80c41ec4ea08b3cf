// What is true of every snapshot, whatever its types and contents and however many subtasks wrote
// it.
#include <map>
#include <string>
#include <unordered_map>
#include <unordered_set>

#include <gtest/gtest.h>

#include "common/record/content_hash.h"
#include "common/record/rewrites.h"
#include "common/state/keyed_backend_of.h"
#include "common/state/section.h"
#include "tests/fuzz/types.h"
#include "tests/unit/common/record/random_values.h"
#include "tests/unit/common/state/fixtures.h"

namespace weir::state {
namespace {

constexpr std::uint32_t kMax = 128;
using Contents = std::map<std::int64_t, std::string>;  // Encoded values by key.

/// The contents as so many subtasks store them.
std::vector<MemoryFile> written(const record::Schema& schema,
                                const Contents& contents,
                                std::uint32_t parallelism) {
  std::map<std::uint32_t, std::vector<std::int64_t>> groups;
  for (const auto& [key, value] : contents) {
    groups[keyGroupOf(keyHash(key), kMax)].push_back(key);
  }
  std::vector<MemoryFile> files(parallelism);
  for (std::uint32_t subtask = 0; subtask < parallelism; ++subtask) {
    SectionWriter writer(files[subtask]);
    EXPECT_TRUE(writer.beginState({"state", StateKind::kValue, ListMode::kNone, schema},
                                  record::schemaOf<std::int64_t>()));
    for (const auto& [group, keys] : groups) {
      for (const std::int64_t key : keys) {
        if (subtaskOf(group, parallelism, kMax) == subtask) {
          Writer encoded;
          encoded.put(key);
          EXPECT_TRUE(writer.entry(group, encoded.view(), "", contents.at(key)));
        }
      }
    }
    EXPECT_TRUE(writer.endState());
    EXPECT_TRUE(writer.finish());
  }
  return files;
}

/// What so many subtasks make of it, stored again; `Ask` claims the state, or does not.
template <typename Ask>
std::vector<MemoryFile> restored(const std::vector<MemoryFile>& files,
                                 std::uint32_t parallelism,
                                 Ask ask) {
  std::vector<MemoryFile> again(parallelism);
  for (std::uint32_t subtask = 0; subtask < parallelism; ++subtask) {
    KeyedBackendOf<std::int64_t> backend(kMax);
    ask(backend, false);
    for (const MemoryFile& file : files) {
      const auto reader = SectionReader::open(file);
      const Status status = backend.restore(**reader, keyGroupRangeOf(subtask, parallelism, kMax));
      EXPECT_TRUE(status.has_value()) << status.error().text();
    }
    ask(backend, true);
    SectionWriter writer(again[subtask]);
    EXPECT_TRUE(backend.freeze()->write(writer).has_value());
    EXPECT_TRUE(writer.finish().has_value());
  }
  return again;
}

/// A hash of the content of every key.
std::map<std::int64_t, std::uint64_t> contentsOf(const std::vector<MemoryFile>& files) {
  std::map<std::int64_t, std::uint64_t> all;
  for (const MemoryFile& file : files) {
    const auto reader = SectionReader::open(file);
    EXPECT_TRUE((*reader)->verify().has_value());
    if ((*reader)->states().empty()) {
      continue;
    }
    const record::ContentHash hash((*reader)->states()[0].value_schema);
    EXPECT_TRUE((*reader)->readKeyed(0, {0, kMax - 1}, [&](const auto& entry) {
      Reader key(entry.key);
      EXPECT_TRUE(all.emplace(key.get<std::int64_t>(), hash.of(entry.value)).second);
      return ok();
    }));
  }
  return all;
}

TEST(RoundTripPropertyTest, StateOfAnySchemaIsCarriedAlongAtAnyParallelism) {
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    record::RandomValues random(seed);
    const record::Schema schema = random.schema();
    Contents contents;
    for (std::uint64_t left = random.below(80); left > 0; --left) {
      contents[static_cast<std::int64_t>(random.below(1000)) - 500] = random.value(schema);
    }
    const auto old = written(schema, contents, static_cast<std::uint32_t>(1 + random.below(6)));
    const auto now = restored(old,
                              static_cast<std::uint32_t>(1 + random.below(6)),
                              [](KeyedBackend& /*backend*/, bool /*late*/) {});
    ASSERT_EQ(contentsOf(now), contentsOf(old))
        << "seed " << seed << ": " << record::describeSchema(schema);
    ASSERT_EQ(contentsOf(now).size(), contents.size());
  }
}

template <typename T>
class RoundTripOfTypesTest : public ::testing::Test {};
using Hashed = std::unordered_map<std::string, std::unordered_set<std::int32_t>>;
using Types = ::testing::Types<fuzz::Mixed,
                               fuzz::Tree,
                               fuzz::Trade,
                               std::vector<bool>,
                               Hashed,
                               std::pair<Hashed, std::vector<Hashed>>,
                               std::unordered_multimap<std::int32_t, std::string>,
                               std::map<std::string, std::set<double>>,
                               std::variant<std::monostate, Hashed, long double>>;
TYPED_TEST_SUITE(RoundTripOfTypesTest, Types);

TYPED_TEST(RoundTripOfTypesTest, IsReadBackAsItWasWritten) {
  const ValueStateDescriptor<TypeParam> descriptor("state");
  const record::Schema schema = record::schemaOf<TypeParam>();
  for (std::uint64_t seed = 0; seed < 8; ++seed) {
    record::RandomValues random(seed);
    Contents contents;
    for (std::uint64_t left = 20 + random.below(40); left > 0; --left) {
      const std::string value = random.value(schema);
      Reader from(value);
      Writer canonical;  // In the order of its containers.
      record::write<TypeParam>(record::read<TypeParam>(from), canonical);
      ASSERT_FALSE(from.failed());
      contents[static_cast<std::int64_t>(random.below(1000))] = canonical.str();
    }
    const auto old = written(schema, contents, static_cast<std::uint32_t>(1 + random.below(4)));
    for (const bool late : {false, true}) {
      const auto now = restored(
          old, static_cast<std::uint32_t>(1 + random.below(4)), [&](KeyedBackend& to, bool after) {
            if (after == late) {
              const auto column = to.column(descriptor);
              ASSERT_TRUE(column.has_value()) << column.error().text();
            }
          });
      if (record::rewritesAlike<TypeParam>()) {
        ASSERT_EQ(contentsOf(now), contentsOf(old)) << "seed " << seed;
      }
      ASSERT_EQ(contentsOf(now).size(), contents.size());
    }
  }
}

}  // namespace
}  // namespace weir::state
