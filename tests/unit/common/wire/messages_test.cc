#include "common/wire/messages.h"

#include <gtest/gtest.h>

#include "common/wire/client_messages.h"
#include "tests/unit/common/wire/fixture.h"

namespace weir::wire {
namespace {

using testing::execution;
using testing::idOf;

TEST(MessagesTest, EveryReportOfATaskManagerComesBackAsItWas) {
  runtime::TaskUpdate update;
  update.execution = execution();
  update.task = {idOf<OperatorId>(1), 1};
  const runtime::TaskManagerReport reports[] = {
      runtime::Heartbeat{7, 1000, {execution()}},
      std::vector<runtime::TaskUpdate>{update, update},
      runtime::WorkerExited{execution(), false, "signal 11"},
      runtime::ProbeResult{3, "not shared"}};
  for (const runtime::TaskManagerReport& report : reports) {
    const auto back = fromProto(toProto(report));
    ASSERT_TRUE(back.has_value()) << back.error().text();
    EXPECT_EQ(toProto(*back).SerializeAsString(), toProto(report).SerializeAsString());
  }
}

TEST(MessagesTest, EveryOrderToATaskManagerComesBackAsItWas) {
  const runtime::TaskManagerOrder orders[] = {
      testing::deployment(),
      runtime::NotifyOrder{execution(), CheckpointId(4), true},
      runtime::DiscardOrder{execution(), 7},
      runtime::ProbeOrder{3, "file:/dir", "a", "b", "c", "d"},
      runtime::ReleaseBlobsOrder{idOf<JobId>(9)}};
  for (const runtime::TaskManagerOrder& order : orders) {
    const auto back = fromProto(toProto(order));
    ASSERT_TRUE(back.has_value()) << back.error().text();
    EXPECT_EQ(toProto(*back).SerializeAsString(), toProto(order).SerializeAsString());
  }
}

TEST(MessagesTest, ARegistrationWithoutSlotsPortOrIdIsRefused) {
  runtime::Registration good;
  good.id = idOf<TaskManagerId>(1);
  good.host = "localhost";
  good.data_port = 4000;
  EXPECT_TRUE(fromProto(toProto(good)).has_value());
  v1::Registration message = toProto(good);
  message.set_slots(0);
  EXPECT_FALSE(fromProto(message).has_value());
  message = toProto(good);
  message.set_data_port(70000);
  EXPECT_FALSE(fromProto(message).has_value());
  message = toProto(good);
  message.set_slots(65537);
  EXPECT_FALSE(fromProto(message).has_value());
  message = toProto(good);
  message.set_host("a\nb");
  EXPECT_FALSE(fromProto(message).has_value());
  message = toProto(good);
  message.set_id("short");
  EXPECT_FALSE(fromProto(message).has_value());
}

TEST(MessagesTest, ASubmissionWithItsRestoreComesBackAsItWas) {
  runtime::SubmitRequest request;
  request.job = idOf<JobId>(9);
  request.graph = testing::jobGraph();
  request.program = testing::deployment().program;
  request.restore = runtime::RestoreRequest{"/savepoint", true, {"a"}, {{"b", "c"}}};
  const auto back = fromProto(toProto(request));
  ASSERT_TRUE(back.has_value()) << back.error().text();
  EXPECT_EQ(toProto(*back).SerializeAsString(), toProto(request).SerializeAsString());
  EXPECT_EQ(back->restore->renamed.at("b"), "c");
}

TEST(MessagesTest, ASubmissionWithoutProgramIsRefused) {
  runtime::SubmitRequest request;
  request.job = idOf<JobId>(9);
  request.graph = testing::jobGraph();
  EXPECT_FALSE(fromProto(toProto(request)).has_value());
}

TEST(MessagesTest, EventsComeBackAsTheyWere) {
  const runtime::JobEvent events[] = {
      runtime::JobStateChange{1, runtime::JobState::kRunning, ""},
      runtime::TaskStateChange{2, "map", 1, 2, runtime::TaskState::kFailed, "\xff"},
      runtime::JobResult{runtime::JobState::kFailed, 3, "why", {{"n", "IntCounter", "1"}}}};
  for (const runtime::JobEvent& event : events) {
    const auto back = fromProto(toProto(event));
    ASSERT_TRUE(back.has_value()) << back.error().text();
    EXPECT_EQ(toProto(*back).SerializeAsString(), toProto(event).SerializeAsString());
  }
  EXPECT_FALSE(fromProto(v1::JobEvent()).has_value());
  EXPECT_FALSE(fromProto(v1::SavepointEvent()).has_value());
}

TEST(MessagesTest, AnotherProtocolIsRefusedWithBothNumbers) {
  EXPECT_TRUE(checkClientProtocol(kClientProtocol).has_value());
  const Status other = checkClientProtocol(kClientProtocol + 1);
  ASSERT_FALSE(other.has_value());
  EXPECT_NE(other.error().text().find("protocol 2"), std::string::npos);
}

}  // namespace
}  // namespace weir::wire
