#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "common/base/result.h"
#include "common/graph/job_graph.h"
#include "common/runtime/checkpoint_metadata.h"
#include "common/runtime/messages.h"

/// Domain types as bytes, for those who must not see messages. Decoders check all that they read:
/// kInvalidArgument (messages) or kCorruption (metadata) for bytes that are none. Any thread.
namespace weir::wire {

std::string encodeJobGraph(const graph::JobGraph& graph);
Result<graph::JobGraph> decodeJobGraph(std::string_view bytes);

std::string encode(const runtime::WorkerOrder& order);
/// As a worker of this protocol, perhaps an earlier one, reads it.
std::string encodeFor(std::uint32_t protocol,
                      const std::variant<runtime::Deployment, runtime::DiscardHandles>& work);
Result<runtime::WorkerOrder> decodeWorkerOrder(std::string_view bytes);

std::string encode(const runtime::WorkerReport& report);
Result<runtime::WorkerReport> decodeWorkerReport(std::string_view bytes);
/// The same for a task manager: acknowledgements stay as they are, but for their header.
Result<std::variant<runtime::WorkerReport, runtime::EncodedAck>> decodeRelayed(
    std::string_view bytes);
/// kInvalidArgument also where the bytes speak of another task or checkpoint than the header.
Result<runtime::CheckpointAck> decodeAck(const runtime::EncodedAck& ack);

/// The image of a file that keeps the program of a savepoint; metadata_format.md has its layout.
std::string encodeProgram(const runtime::JobProgram& program);
/// Errors as decodeMetadata().
Result<runtime::JobProgram> decodeProgram(std::string_view image);

/// The image of a metadata file; metadata_format.md has its layout.
std::string encodeMetadata(const runtime::CheckpointMetadata& metadata);
/// kCorruption for every flipped byte and every truncation; kInvalidArgument for an image that a
/// newer release wrote. Names of files are not looked at: common/snapshot/metadata_file.h reads
/// files, and checks them.
Result<runtime::CheckpointMetadata> decodeMetadata(std::string_view image);

}  // namespace weir::wire
