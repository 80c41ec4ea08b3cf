#include "tests/hostile/client/messages.h"

#include <algorithm>
#include <functional>
#include <utility>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace weir::hostile {

namespace {

constexpr std::uint32_t kMaxParallelism = 32768;
constexpr std::uint32_t kFileStorage = 3;

void addVertex(v1::JobGraph& graph, Random& random, std::string name, std::uint32_t parallelism) {
  const std::string id = randomId(random);
  v1::JobOperator& one = *graph.add_operators();
  one.set_id(id);
  one.set_name(name);
  one.set_kind("map");
  one.set_siblings(1);
  one.set_parallelism(parallelism);
  one.set_max_parallelism(kMaxParallelism);
  v1::JobVertex& vertex = *graph.add_vertices();
  vertex.set_id(id);
  vertex.set_name(std::move(name));
  vertex.set_parallelism(parallelism);
  vertex.set_max_parallelism(kMaxParallelism);
  vertex.set_slot_sharing_group("default");
  vertex.add_operators(static_cast<std::uint32_t>(graph.operators_size() - 1));
}

void addEdge(v1::JobGraph& graph, std::uint32_t source, std::uint32_t target) {
  v1::JobEdge& edge = *graph.add_edges();
  edge.set_source_vertex(source);
  edge.set_target_vertex(target);
  edge.set_source_operator(source);
  edge.set_target_operator(target);
  edge.set_partitioning(2);
}

/// Eight bytes.
std::string littleEndian(std::uint64_t number) {
  std::string bytes;
  for (int i = 0; i < 8; ++i) {
    bytes += static_cast<char>(number >> (8 * i));
  }
  return bytes;
}

using Spoiler = std::function<void(Random&, v1::SubmitRequest&)>;

void setParallelism(v1::JobGraph& graph, int vertex, std::uint32_t parallelism) {
  graph.mutable_vertices(vertex)->set_parallelism(parallelism);
  graph.mutable_operators(vertex)->set_parallelism(parallelism);
}

/// Each demands that the job manager looks at what a message means, not only at its form.
const std::vector<std::pair<std::string, Spoiler>>& spoilers() {
  static const std::vector<std::pair<std::string, Spoiler>> all = {
      {"two-vertices-of-one-id",
       [](Random&, v1::SubmitRequest& to) {
         v1::JobGraph& graph = *to.mutable_graph();
         graph.mutable_vertices(1)->set_id(graph.vertices(0).id());
         graph.mutable_operators(1)->set_id(graph.operators(0).id());
         setParallelism(graph, 0, 4);
       }},
      {"two-operators-of-one-id",
       [](Random&, v1::SubmitRequest& to) {
         to.mutable_graph()->mutable_operators(1)->set_id(to.graph().operators(0).id());
       }},
      {"parallelism-of-operator-and-vertex-differ",
       [](Random&, v1::SubmitRequest& to) {
         to.mutable_graph()->mutable_vertices(0)->set_parallelism(4);
       }},
      {"no-vertex",
       [](Random&, v1::SubmitRequest& to) {
         to.mutable_graph()->clear_edges();
         to.mutable_graph()->clear_vertices();
         to.mutable_graph()->clear_operators();
       }},
      {"900-vertices-of-32768-subtasks",
       [](Random& random, v1::SubmitRequest& to) {
         setParallelism(*to.mutable_graph(), 0, kMaxParallelism);
         setParallelism(*to.mutable_graph(), 1, kMaxParallelism);
         for (std::uint32_t i = 2; i < 900; ++i) {
           addVertex(*to.mutable_graph(), random, "v", kMaxParallelism);
           addEdge(*to.mutable_graph(), i - 1, i);
         }
       }},
      {"edge-to-nowhere",
       [](Random&, v1::SubmitRequest& to) {
         to.mutable_graph()->mutable_edges(0)->set_target_vertex(7);
       }},
      {"forward-between-different-parallelisms",
       [](Random&, v1::SubmitRequest& to) {
         setParallelism(*to.mutable_graph(), 0, 3);
         to.mutable_graph()->mutable_edges(0)->set_partitioning(1);
       }},
      {"parallelism-0",
       [](Random&, v1::SubmitRequest& to) { setParallelism(*to.mutable_graph(), 0, 0); }},
      {"parallelism-4-billion",
       [](Random&, v1::SubmitRequest& to) { setParallelism(*to.mutable_graph(), 0, UINT32_MAX); }},
      {"a-name-of-20-MB",
       [](Random&, v1::SubmitRequest& to) {
         to.mutable_graph()->set_name(std::string(20 << 20, 'n'));
       }},
      {"a-name-with-a-newline",
       [](Random&, v1::SubmitRequest& to) {
         to.mutable_graph()->set_name("job\n01.01.2020 00:00:00 : forged");
       }},
      {"a-name-that-is-not-UTF-8",
       [](Random&, v1::SubmitRequest& to) { to.mutable_graph()->set_name("\xFF\xFE"); }},
      {"checkpoints-each-0-ms",
       [](Random&, v1::SubmitRequest& to) {
         to.mutable_graph()->mutable_checkpoints()->set_enabled(true);
         to.mutable_graph()->mutable_checkpoints()->set_interval_millis(0);
       }},
      {"a-job-id-of-3-bytes", [](Random&, v1::SubmitRequest& to) { to.set_job("abc"); }},
      {"a-program-that-is-not-here",
       [](Random&, v1::SubmitRequest& to) {
         to.mutable_program()->mutable_executable()->mutable_blob()->set_sha256(
             std::string(64, '0'));
       }},
      {"a-program-named-as-a-path",
       [](Random&, v1::SubmitRequest& to) {
         to.mutable_program()->mutable_executable()->set_name("../../../../tmp/escaped");
       }},
      {"another-protocol", [](Random&, v1::SubmitRequest& to) { to.set_protocol(77); }},
  };
  return all;
}

}  // namespace

std::string randomId(Random& random) {
  std::string id(16, '\0');
  std::ranges::generate(id, [&] { return static_cast<char>(random()); });
  return id;
}

v1::SubmitRequest validSubmission(Random& random,
                                  const v1::BlobKey& program,
                                  std::uint32_t parallelism) {
  v1::SubmitRequest request;
  request.set_protocol(1);
  request.set_job(randomId(random));
  v1::JobGraph& graph = *request.mutable_graph();
  graph.set_name("hostile");
  graph.set_max_parallelism(kMaxParallelism);
  addVertex(graph, random, "source", parallelism);
  addVertex(graph, random, "sink", parallelism);
  addEdge(graph, 0, 1);
  graph.mutable_checkpoints()->set_mode(1);
  graph.mutable_restart()->set_kind(1);
  v1::ProgramFile& file = *request.mutable_program()->mutable_executable();
  file.set_name("program");
  *file.mutable_blob() = program;
  request.mutable_program()->set_default_parallelism(1);
  return request;
}

const std::vector<std::string>& wrongKinds() {
  static const std::vector<std::string> kinds = [] {
    std::vector<std::string> names;
    for (const auto& [name, spoiler] : spoilers()) {
      names.push_back(name);
    }
    return names;
  }();
  return kinds;
}

bool spoil(const std::string& kind, Random& random, v1::SubmitRequest& request) {
  for (const auto& [name, spoiler] : spoilers()) {
    if (name == kind) {
      spoiler(random, request);
      return true;
    }
  }
  return false;
}

std::string metadataFile(Random& random,
                         const std::string& data_directory,
                         const std::string& location) {
  v1::CheckpointMetadata metadata;
  metadata.set_writer("0.1.0");
  metadata.set_job(randomId(random));
  metadata.set_job_name("hostile");
  metadata.set_checkpoint(1);
  metadata.set_savepoint(true);
  metadata.set_max_parallelism(128);
  metadata.set_data_directory(data_directory);
  v1::OperatorState& one = *metadata.add_operators();
  one.set_id(randomId(random));
  one.set_name("operator");
  one.set_kind("map");
  one.set_siblings(1);
  one.set_parallelism(1);
  one.set_max_parallelism(128);
  v1::StateHandle& handle = *one.add_subtasks()->mutable_handle();
  handle.set_storage(kFileStorage);
  handle.set_location(location);
  handle.set_size(1);
  const std::string message = metadata.SerializeAsString();
  std::string bytes = "WEIRMETA" + std::string("\x01\0\0\0", 4) + littleEndian(message.size());
  bytes += message;
  return bytes + littleEndian(XXH3_64bits(bytes.data(), bytes.size()));
}

std::string mutated(Random& random, std::string bytes) {
  for (std::uint64_t changes = 1 + random() % 8; changes > 0 && !bytes.empty(); --changes) {
    const std::size_t at = random() % bytes.size();
    const std::size_t length = std::min<std::size_t>(1 + random() % 16, bytes.size() - at);
    switch (random() % 3) {
      case 0:
        bytes[at] = static_cast<char>(random());
        break;
      case 1:
        bytes.erase(at, length);
        break;
      default:
        bytes.insert(at, bytes.substr(at, length));
    }
  }
  return bytes;
}

}  // namespace weir::hostile
