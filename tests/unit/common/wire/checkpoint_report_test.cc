#include "common/wire/checkpoint_report.h"

#include <gtest/gtest.h>

#include "common/wire/messages.h"

namespace weir::wire {
namespace {

runtime::CheckpointReport report() {
  runtime::CheckpointReport report;
  report.id = CheckpointId(9);
  report.savepoint = true;
  report.status = runtime::CheckpointStatus::kFailed;
  report.trigger_millis = 5;
  report.duration_millis = 6;
  report.bytes = 7;
  report.acknowledged = 1;
  report.subtasks = 2;
  report.storing_millis = 8;
  report.path = "/chk-9";
  report.failure = "expired";
  report.verdict = "expired: map (2/2)";
  report.unaligned = true;
  report.in_flight_bytes = 5;
  runtime::VertexTimeline vertex;
  vertex.id = OperatorId(Bytes16{3});
  vertex.name = "map";
  vertex.parallelism = 2;
  vertex.acknowledged = 1;
  vertex.bytes = 7;
  vertex.longest = {1, 2, 3, 4, 5, 6};
  vertex.last = 21;
  vertex.subtasks = {{0, "a", {1, 2, 3, 4, 5, 6}, 21, 7, "source (1/1)", "", true, 5},
                     {1, "b", {}, 0, 0, "", "is busy"}};
  report.vertices.push_back(vertex);
  return report;
}

TEST(CheckpointReportTest, ComesBackAsItWas) {
  const runtime::CheckpointReport sent = report();
  const auto back = fromProto(toProto(sent));
  ASSERT_TRUE(back);
  EXPECT_EQ(back->id, sent.id);
  EXPECT_EQ(back->savepoint, sent.savepoint);
  EXPECT_EQ(back->status, sent.status);
  EXPECT_EQ(back->trigger_millis, sent.trigger_millis);
  EXPECT_EQ(back->duration_millis, sent.duration_millis);
  EXPECT_EQ(back->bytes, sent.bytes);
  EXPECT_EQ(back->acknowledged, sent.acknowledged);
  EXPECT_EQ(back->subtasks, sent.subtasks);
  EXPECT_EQ(back->storing_millis, sent.storing_millis);
  EXPECT_EQ(back->path, sent.path);
  EXPECT_EQ(back->failure, sent.failure);
  EXPECT_EQ(back->verdict, sent.verdict);
  EXPECT_EQ(back->unaligned, sent.unaligned);
  EXPECT_EQ(back->in_flight_bytes, sent.in_flight_bytes);
  EXPECT_EQ(back->vertices, sent.vertices);
}

TEST(CheckpointReportTest, RefusesAStatusThatItDoesNotKnow) {
  v1::CheckpointReport message = toProto(report());
  message.set_status(9);
  EXPECT_FALSE(fromProto(message));
}

TEST(CheckpointReportTest, AnAcknowledgementSaysWhereItsTimeWent) {
  runtime::CheckpointAck ack;
  ack.task.vertex = OperatorId(Bytes16{3});
  ack.alignment_millis = 1;
  ack.flush_millis = 2;
  ack.freeze_millis = 3;
  ack.queue_millis = 4;
  ack.write_millis = 5;
  ack.last_channel = 6;
  ack.unaligned = true;
  ack.in_flight_bytes = 7;
  const auto back = fromProto(toProto(runtime::TaskManagerReport(ack)));
  ASSERT_TRUE(back);
  const auto& same = std::get<runtime::CheckpointAck>(*back);
  EXPECT_EQ(same.alignment_millis, 1U);
  EXPECT_EQ(same.flush_millis, 2U);
  EXPECT_EQ(same.freeze_millis, 3U);
  EXPECT_EQ(same.queue_millis, 4U);
  EXPECT_EQ(same.write_millis, 5U);
  EXPECT_EQ(same.last_channel, 6U);
  EXPECT_TRUE(same.unaligned);
  EXPECT_EQ(same.in_flight_bytes, 7U);
}

}  // namespace
}  // namespace weir::wire
