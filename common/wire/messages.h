#pragma once

#include "cluster.pb.h"
#include "common/base/result.h"
#include "common/runtime/messages.h"
#include "worker.pb.h"

namespace weir::wire {

v1::Registration toProto(const runtime::Registration& registration);
Result<runtime::Registration> fromProto(const v1::Registration& message);

v1::AccumulatorValue toProto(const runtime::AccumulatorValue& accumulator);
runtime::AccumulatorValue fromProto(const v1::AccumulatorValue& message);

v1::ToTaskManager toProto(const runtime::TaskManagerOrder& order);
/// kInvalidArgument for what is no order: an answer to a registration, a ping, an unknown one.
Result<runtime::TaskManagerOrder> fromProto(const v1::ToTaskManager& message);

v1::FromTaskManager toProto(const runtime::TaskManagerReport& report);
v1::FromTaskManager toProto(runtime::EncodedAck ack);
/// Without its header; those who have it encoded take decodeAck().
Result<runtime::CheckpointAck> fromProto(const v1::CheckpointAck& message);
/// kInvalidArgument for what is no report: a registration, an unknown one. An encoded
/// acknowledgement that cannot be read is a decline: its session and other jobs go on.
Result<runtime::TaskManagerReport> fromProto(const v1::FromTaskManager& message);

v1::WorkerOrder toProto(const runtime::WorkerOrder& order);
Result<runtime::WorkerOrder> fromProto(const v1::WorkerOrder& message);

v1::WorkerReport toProto(const runtime::WorkerReport& report);
Result<runtime::WorkerReport> fromProto(const v1::WorkerReport& message);

}  // namespace weir::wire
