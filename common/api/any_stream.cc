#include "common/api/any_stream.h"

#include <utility>

#include "common/api/node_spec.h"

namespace weir::api {

AnyStream::AnyStream(std::shared_ptr<Program> program, std::vector<StreamInput> inputs)
    : program_(std::move(program)), inputs_(std::move(inputs)) {}
AnyStream::AnyStream(const std::shared_ptr<Program>& program,
                     std::uint32_t node,
                     const EdgeEnds& ends,
                     const std::string& tag)
    : program_(program), inputs_(streamFrom(node, tag, ends)) {}
AnyStream::AnyStream(const AnyStream& other, graph::Partitioning partitioning, const EdgeEnds& ends)
    : program_(other.program_),
      inputs_(rerouted(other.inputs_, partitioning, plainWriters(ends))) {}
AnyStream::AnyStream(const AnyStream& other,
                     graph::Partitioning partitioning,
                     std::unique_ptr<const EdgeWriterMaker> writers)
    : program_(other.program_),
      inputs_(rerouted(other.inputs_, partitioning, writersBy(std::move(writers)))) {}
AnyStream::AnyStream(const AnyStream& other) = default;
AnyStream::AnyStream(AnyStream&& other) noexcept = default;
AnyStream& AnyStream::operator=(const AnyStream& other) = default;
AnyStream& AnyStream::operator=(AnyStream&& other) noexcept = default;
AnyStream::~AnyStream() = default;

void AnyStream::append(const AnyStream& other) {
  if (other.program_ != program_) {
    program_->refuse("union_() joins streams of two environments");
  }
  inputs_.insert(inputs_.end(), other.inputs_.begin(), other.inputs_.end());
}

}  // namespace weir::api
