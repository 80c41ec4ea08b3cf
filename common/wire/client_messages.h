#pragma once

#include "client.pb.h"
#include "common/base/result.h"
#include "common/runtime/client_messages.h"
#include "common/runtime/upgrade_notice.h"

namespace weir::wire {

/// What a client and a job manager of this release speak; stands in every request.
inline constexpr std::uint32_t kClientProtocol = 1;

/// kFailedPrecondition with both numbers when a client speaks another protocol.
Status checkClientProtocol(std::uint32_t protocol);

// Requests get their protocol number here.
v1::SubmitRequest toProto(const runtime::SubmitRequest& request);
Result<runtime::SubmitRequest> fromProto(const v1::SubmitRequest& message);
v1::SavepointRequest toProto(const runtime::SavepointRequest& request);
Result<runtime::SavepointRequest> fromProto(const v1::SavepointRequest& message);
v1::UpgradeRequest toProto(const runtime::UpgradeRequest& request);
Result<runtime::UpgradeRequest> fromProto(const v1::UpgradeRequest& message);
v1::DisposeRequest toProto(const runtime::DisposeRequest& request);
Result<runtime::DisposeRequest> fromProto(const v1::DisposeRequest& message);

v1::SubmitReply toProto(const runtime::SubmitReply& reply);
Result<runtime::SubmitReply> fromProto(const v1::SubmitReply& message);
v1::UpgradeReply toProto(const runtime::UpgradeReply& reply);
Result<runtime::UpgradeReply> fromProto(const v1::UpgradeReply& message);
v1::UpgradeEvent toProto(const runtime::UpgradeEvent& event);
Result<runtime::UpgradeEvent> fromProto(const v1::UpgradeEvent& message);
v1::DisposeReply toProto(const runtime::DisposeReply& reply);
Result<runtime::DisposeReply> fromProto(const v1::DisposeReply& message);

v1::JobEvent toProto(const runtime::JobEvent& event);
Result<runtime::JobEvent> fromProto(const v1::JobEvent& message);
v1::SavepointEvent toProto(const runtime::SavepointEvent& event);
Result<runtime::SavepointEvent> fromProto(const v1::SavepointEvent& message);

v1::JobSummary toProto(const runtime::JobSummary& summary);
Result<runtime::JobSummary> fromProto(const v1::JobSummary& message);
v1::SavepointInfo toProto(const runtime::SavepointInfo& info);
Result<runtime::SavepointInfo> fromProto(const v1::SavepointInfo& message);

}  // namespace weir::wire
