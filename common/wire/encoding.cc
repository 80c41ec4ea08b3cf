#include "common/wire/encoding.h"

#include <limits>

#include "common/wire/deployment.h"
#include "common/wire/graph.h"
#include "common/wire/messages.h"

namespace weir::wire {
namespace {

constexpr char kAckTag = 4 << 3 | 2;  // How a WorkerReport begins that is an `ack`.

template <typename Message>
Result<Message> parse(std::string_view bytes, std::string_view what) {
  Message message;
  if (bytes.size() > static_cast<std::size_t>(std::numeric_limits<int>::max()) ||
      !message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return Error(ErrorCode::kInvalidArgument,
                 std::to_string(bytes.size()) + " bytes are no " + std::string(what));
  }
  return message;
}

}  // namespace

std::string encodeJobGraph(const graph::JobGraph& graph) {
  return toProto(graph).SerializeAsString();
}

Result<graph::JobGraph> decodeJobGraph(std::string_view bytes) {
  WEIR_TRY(auto message, parse<v1::JobGraph>(bytes, "job graph"));
  return fromProto(message);
}

std::string encode(const runtime::WorkerOrder& order) { return toProto(order).SerializeAsString(); }

std::string encodeFor(std::uint32_t protocol,
                      const std::variant<runtime::Deployment, runtime::DiscardHandles>& work) {
  const bool shared_lists = protocol >= runtime::WorkerHello::kSharedLists;
  v1::WorkerOrder order;
  *order.mutable_deployment() =
      std::visit([&](const auto& one) { return toProto(one, shared_lists); }, work);
  return order.SerializeAsString();
}

Result<runtime::WorkerOrder> decodeWorkerOrder(std::string_view bytes) {
  WEIR_TRY(auto message, parse<v1::WorkerOrder>(bytes, "order to a worker"));
  return fromProto(message);
}

std::string encode(const runtime::WorkerReport& report) {
  return toProto(report).SerializeAsString();
}

Result<std::variant<runtime::WorkerReport, runtime::EncodedAck>> decodeRelayed(
    std::string_view bytes) {
  using Relayed = std::variant<runtime::WorkerReport, runtime::EncodedAck>;
  if (bytes.empty() || bytes.front() != kAckTag) {
    WEIR_TRY(auto report, decodeWorkerReport(bytes));
    return Relayed(std::move(report));
  }
  WEIR_TRY(auto message, parse<v1::RelayedReport>(bytes, "acknowledgement of a worker"));
  WEIR_TRY(const auto header, parse<v1::AckHeader>(message.ack(), "acknowledgement of a worker"));
  runtime::EncodedAck ack;
  WEIR_TRY(ack.execution, fromProto(header.execution()));
  WEIR_TRY(ack.task, fromProto(header.task()));
  ack.checkpoint = CheckpointId(header.checkpoint());
  ack.bytes = std::move(*message.mutable_ack());
  return Relayed(std::move(ack));
}

Result<runtime::CheckpointAck> decodeAck(const runtime::EncodedAck& ack) {
  WEIR_TRY(const auto message, parse<v1::CheckpointAck>(ack.bytes, "acknowledgement"));
  WEIR_TRY(auto decoded, fromProto(message));
  if (decoded.execution != ack.execution || decoded.checkpoint != ack.checkpoint ||
      decoded.task != ack.task) {
    return Error(ErrorCode::kInvalidArgument,
                 "an acknowledgement is of another task or checkpoint than it says at its head");
  }
  return decoded;
}

Result<runtime::WorkerReport> decodeWorkerReport(std::string_view bytes) {
  WEIR_TRY(auto message, parse<v1::WorkerReport>(bytes, "report of a worker"));
  return fromProto(message);
}

}  // namespace weir::wire
