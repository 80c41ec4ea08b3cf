#include "jobmanager/savepoint/heap_room.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/fs/digest.h"

namespace weir::jobmanager {
namespace {

using ::testing::AllOf;
using ::testing::Ge;
using ::testing::HasSubstr;
using ::testing::Le;
using Storage = runtime::SectionHandle::Storage;

runtime::CheckpointMetadata metadataWith(Storage storage, std::uint64_t size) {
  runtime::CheckpointMetadata metadata;
  metadata.operators.resize(1);
  runtime::SectionHandle& handle = metadata.operators[0].subtasks.emplace_back().handle;
  handle.storage = storage;
  handle.size = size;
  if (storage == Storage::kInline) {
    handle.bytes = std::string(size, 'i');
  }
  return metadata;
}

runtime::JobProgram programOf(const std::string& name, std::uint64_t library) {
  runtime::JobProgram program;
  program.program.executable = {name, {fs::sha256(name), 1000}};
  program.program.libraries = {{"libweir.so", {fs::sha256("libweir.so"), library}}};
  return program;
}

TEST(HeapRoomTest, CountsStateInBlobsAndMetadataWithWhatStandsInIt) {
  EXPECT_THAT(heapShareOf(metadataWith(Storage::kBlob, 5000), nullptr).bytes,
              AllOf(Ge(5010U), Le(6000U)));
  EXPECT_THAT(heapShareOf(metadataWith(Storage::kInline, 5000), nullptr).bytes,
              AllOf(Ge(5010U), Le(6000U)));
  EXPECT_THAT(heapShareOf(metadataWith(Storage::kFile, 5000), nullptr).bytes,
              AllOf(Ge(10U), Le(1000U)));
}

TEST(HeapRoomTest, CountsWhatProgramsShareOnce) {
  HeapRoom room(100'000);
  const auto metadata = metadataWith(Storage::kFile, 1);
  const runtime::JobProgram one = programOf("one", 40'000);
  const runtime::JobProgram other = programOf("other", 40'000);
  const std::vector<HeapShare> shares = {
      heapShareOf(metadata, &one), heapShareOf(metadata, &one), heapShareOf(metadata, &other)};
  for (const HeapShare& share : shares) {
    ASSERT_TRUE(room.take(share));
  }
  EXPECT_THAT(room.bytes(), AllOf(Ge(42'000U), Le(44'000U)));
  room.giveBack(shares[0]);
  EXPECT_THAT(room.bytes(), AllOf(Ge(42'000U), Le(44'000U)));
  room.giveBack(shares[2]);
  EXPECT_THAT(room.bytes(), AllOf(Ge(41'000U), Le(42'500U)));
  room.giveBack(shares[1]);
  EXPECT_EQ(room.bytes(), 0U);
}

TEST(HeapRoomTest, RefusesWithSizesKeyAndAdviceAndTakesNothing) {
  HeapRoom room(30'000);
  const runtime::JobProgram program = programOf("one", 40'000);
  const Status refused = room.take(heapShareOf(metadataWith(Storage::kFile, 1), &program));
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().text(),
              AllOf(HasSubstr("state, metadata and program"),
                    HasSubstr("savepoints.jobmanager.max-size allows 30000"),
                    HasSubstr("name a directory")));
  EXPECT_EQ(room.bytes(), 0U);
}

}  // namespace
}  // namespace weir::jobmanager
