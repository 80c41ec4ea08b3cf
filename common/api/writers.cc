#include "common/api/writers.h"

#include <optional>

namespace weir::api {

functions::Blindly::Kind blindKind(graph::Partitioning partitioning) {
  using Kind = functions::Blindly::Kind;
  switch (partitioning) {
    case graph::Partitioning::kRebalance:
    case graph::Partitioning::kRescale:
      return Kind::kInTurn;
    case graph::Partitioning::kShuffle:
      return Kind::kAtRandom;
    case graph::Partitioning::kBroadcast:
      return Kind::kEverywhere;
    default:
      return Kind::kFirst;
  }
}

WriterMaker plainWriters(const EdgeEnds& ends) {
  return [make = ends.writer](graph::Partitioning partitioning,
                              const SharedFacts& /*consumer*/) -> functions::EdgeWriterFactory {
    return [make, kind = blindKind(partitioning)](functions::EdgeOutput& output,
                                                  const functions::TaskInfo& producer) {
      return make(output, functions::blindly(kind, output, producer));
    };
  };
}

std::vector<StreamInput> streamFrom(std::uint32_t node,
                                    const std::string& tag,
                                    const EdgeEnds& ends) {
  return {{node, std::nullopt, plainWriters(ends), ends.reader, tag, ends.records}};
}

EdgeWriterMaker::~EdgeWriterMaker() = default;

WriterMaker writersBy(std::unique_ptr<const EdgeWriterMaker> maker) {
  return [shared = std::shared_ptr<const EdgeWriterMaker>(std::move(maker))](
             graph::Partitioning /*partitioning*/,
             SharedFacts consumer) -> functions::EdgeWriterFactory {
    return [shared, consumer = std::move(consumer)](functions::EdgeOutput& output,
                                                    const functions::TaskInfo& /*producer*/) {
      return shared->make(output, *consumer);
    };
  };
}

}  // namespace weir::api
