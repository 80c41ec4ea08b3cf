#pragma once

#include <cstdint>
#include <memory>
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

/// What makes the ends of the edges of a stream, of all edges alike.
struct EdgeEnds {
  std::unique_ptr<functions::EdgeWriter> (*writer)(functions::EdgeOutput&, functions::Blindly);
  std::unique_ptr<functions::EdgeReader> (*reader)(functions::AnyReceiver&);
  record::Schema (*records)();
};
template <typename T>
inline constexpr EdgeEnds kEndsOf{
    [](functions::EdgeOutput& output, functions::Blindly choose) {
      return std::unique_ptr<functions::EdgeWriter>(
          new functions::TypedEdgeWriter<T, functions::Blindly>(output, choose));
    },
    [](functions::AnyReceiver& target) {
      return std::unique_ptr<functions::EdgeReader>(new functions::TypedEdgeReader<T>(target));
    },
    &record::schemaOf<T>};

/// Of the partitionings that do not look at records.
WriterMaker plainWriters(const EdgeEnds& ends);
/// The stream that `node` emits, or that of an output tag.
std::vector<StreamInput> streamFrom(std::uint32_t node,
                                    const std::string& tag,
                                    const EdgeEnds& ends);
template <typename T>
std::vector<StreamInput> streamOf(std::uint32_t node, const std::string& tag = {}) {
  return streamFrom(node, tag, kEndsOf<T>);
}

/// Makes the writers of an edge, one for each subtask. Any thread.
class EdgeWriterMaker {
 public:
  virtual ~EdgeWriterMaker();
  virtual std::unique_ptr<functions::EdgeWriter> make(functions::EdgeOutput& output,
                                                      const NodeFacts& consumer) const = 0;
};
WriterMaker writersBy(std::unique_ptr<const EdgeWriterMaker> maker);

template <typename T, typename Selector>
class KeyWriterMaker final : public EdgeWriterMaker {
 public:
  explicit KeyWriterMaker(Selector selector) : selector_(std::move(selector)) {}
  std::unique_ptr<functions::EdgeWriter> make(functions::EdgeOutput& output,
                                              const NodeFacts& consumer) const override {
    using Choose = functions::ByKey<Selector>;
    return std::unique_ptr<functions::EdgeWriter>(new functions::TypedEdgeWriter<T, Choose>(
        output, Choose{selector_.copy(), output.channels(), consumer.max_parallelism}));
  }

 private:
  functions::Prototype<Selector> selector_;
};
template <typename T, typename Selector>
std::unique_ptr<const EdgeWriterMaker> keyWriters(Selector selector) {
  return std::unique_ptr<const EdgeWriterMaker>(
      new KeyWriterMaker<T, Selector>(std::move(selector)));
}

template <typename T, typename P, typename Selector>
class CustomWriterMaker final : public EdgeWriterMaker {
 public:
  CustomWriterMaker(P partitioner, Selector selector)
      : partitioner_(std::move(partitioner)), selector_(std::move(selector)) {}
  std::unique_ptr<functions::EdgeWriter> make(functions::EdgeOutput& output,
                                              const NodeFacts& /*consumer*/) const override {
    using Choose = functions::ByPartitioner<P, Selector>;
    return std::unique_ptr<functions::EdgeWriter>(new functions::TypedEdgeWriter<T, Choose>(
        output, Choose{partitioner_.copy(), selector_.copy(), output.channels()}));
  }

 private:
  functions::Prototype<P> partitioner_;
  functions::Prototype<Selector> selector_;
};
template <typename T, typename P, typename Selector>
std::unique_ptr<const EdgeWriterMaker> customWriters(P partitioner, Selector selector) {
  return std::unique_ptr<const EdgeWriterMaker>(
      new CustomWriterMaker<T, P, Selector>(std::move(partitioner), std::move(selector)));
}

}  // namespace weir::api
