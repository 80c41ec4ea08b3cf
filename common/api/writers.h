#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/api/program.h"
#include "common/functions/edge_reader.h"
#include "common/functions/edge_writer.h"
#include "common/functions/prototype.h"

/// Makers of edge writers, by partitioning.
namespace weir::api {

/// How the partitionings that do not look at records choose.
functions::Blindly::Kind blindKind(graph::Partitioning partitioning);

template <typename T>
WriterMaker plainWriters() {
  return [](graph::Partitioning partitioning,
            const SharedFacts& /*consumer*/) -> functions::EdgeWriterFactory {
    const auto kind = blindKind(partitioning);
    return [kind](functions::EdgeOutput& output, const functions::TaskInfo& producer) {
      return functions::makeEdgeWriter<T>(output, functions::blindly(kind, output, producer));
    };
  };
}

/// The stream that `node` emits, or that of an output tag.
template <typename T>
std::vector<StreamInput> streamOf(std::uint32_t node, std::string tag = {}) {
  return {{node,
           std::nullopt,
           plainWriters<T>(),
           functions::edgeReaderFactory<T>(),
           std::move(tag),
           record::schemaOf<T>}};
}

template <typename T, typename Selector>
WriterMaker keyWriters(std::shared_ptr<const functions::Prototype<Selector>> selector) {
  return [selector = std::move(selector)](graph::Partitioning /*partitioning*/,
                                          SharedFacts consumer) -> functions::EdgeWriterFactory {
    return [selector, consumer = std::move(consumer)](functions::EdgeOutput& output,
                                                      const functions::TaskInfo& /*producer*/) {
      return functions::makeEdgeWriter<T>(
          output,
          functions::ByKey<Selector>{
              selector->copy(), output.channels(), consumer->max_parallelism});
    };
  };
}

template <typename T, typename P, typename Selector>
WriterMaker customWriters(std::shared_ptr<const functions::Prototype<P>> partitioner,
                          std::shared_ptr<const functions::Prototype<Selector>> selector) {
  return [partitioner = std::move(partitioner), selector = std::move(selector)](
             graph::Partitioning /*partitioning*/,
             const SharedFacts& /*consumer*/) -> functions::EdgeWriterFactory {
    return [partitioner, selector](functions::EdgeOutput& output,
                                   const functions::TaskInfo& /*producer*/) {
      return functions::makeEdgeWriter<T>(
          output,
          functions::ByPartitioner<P, Selector>{
              partitioner->copy(), selector->copy(), output.channels()});
    };
  };
}

}  // namespace weir::api
