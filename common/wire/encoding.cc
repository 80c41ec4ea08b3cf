#include "common/wire/encoding.h"

#include <limits>

#include "common/wire/deployment.h"
#include "common/wire/graph.h"
#include "common/wire/messages.h"

namespace weir::wire {
namespace {

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

Result<runtime::WorkerReport> decodeWorkerReport(std::string_view bytes) {
  WEIR_TRY(auto message, parse<v1::WorkerReport>(bytes, "report of a worker"));
  return fromProto(message);
}

}  // namespace weir::wire
