// weir-hostile: calls a job manager as no client and no task manager of ours would. Says what came
// back, a line each.
//
//     weir-hostile PORT flood METHOD CALLS CONNECTIONS MILLIS [EMPTY|UPLOAD]   opens calls and
//     leaves them open weir-hostile PORT submit KIND [PARALLELISM]                             a
//     submission that is wrong in one way weir-hostile PORT kinds the kinds there are weir-hostile
//     PORT mutants SEED COUNT                                    submissions with a few bytes
//     changed weir-hostile PORT garbage SEED COUNT                                    random bytes
//     for every call weir-hostile PORT large BYTES                                           one
//     message of this size weir-hostile PORT taskmanager MANNER SLOTS MILLIS SEED [LOCATION] a task
//     manager that is none
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "client.grpc.pb.h"
#include "tests/hostile/client/flood.h"
#include "tests/hostile/client/impostor.h"
#include "tests/hostile/client/messages.h"

namespace weir::hostile {
namespace {

using Words = std::vector<std::string>;

// The SHA-256 of the program that submissions name: the one byte "x".
constexpr const char* kProgram = "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881";

void print(const grpc::Status& status) {
  std::printf("%d %s\n", static_cast<int>(status.error_code()), status.error_message().c_str());
}

v1::Chunk upload() {
  v1::Chunk chunk;
  v1::BlobHeader& header = *chunk.mutable_header();
  header.set_protocol(1);
  header.mutable_blob()->set_sha256(kProgram);
  header.mutable_blob()->set_size(1);
  return chunk;
}

v1::BlobKey uploadProgram(const std::shared_ptr<grpc::Channel>& channel) {
  const auto stub = v1::JobManager::NewStub(channel);
  grpc::ClientContext context;
  v1::PutBlobReply reply;
  const auto writer = stub->PutBlob(&context, &reply);
  v1::Chunk chunk = upload();
  chunk.set_data("x");
  writer->Write(chunk);
  writer->WritesDone();
  if (const grpc::Status status = writer->Finish(); !status.ok()) {
    print(status);
  }
  return chunk.header().blob();
}

int floodCalls(int port, const Words& words) {
  const std::string first =
      words.size() > 4 && words[4] == "UPLOAD" ? upload().SerializeAsString() : "";
  const Ends ends = flood(port,
                          words[0],
                          first,
                          std::stoi(words[1]),
                          std::stoi(words[2]),
                          std::chrono::milliseconds(std::stoi(words[3])));
  for (const auto& [text, count] : ends) {
    std::printf("%d %s\n", count, text.empty() ? "open" : text.c_str());
  }
  return 0;
}

int submit(int port, const Words& words) {
  Random random(std::random_device{}());
  const auto channel = connect(port);
  const std::uint32_t parallelism =
      words.size() > 1 ? static_cast<std::uint32_t>(std::stoul(words[1])) : 1;
  v1::SubmitRequest request = validSubmission(random, uploadProgram(channel), parallelism);
  if (words[0] != "valid" && !spoil(words[0], random, request)) {
    std::fprintf(stderr, "there is no kind '%s'\n", words[0].c_str());
    return 2;
  }
  if (words[0] == "valid") {
    request.mutable_graph()->mutable_checkpoints()->set_enabled(true);
    request.mutable_graph()->mutable_checkpoints()->set_interval_millis(100);
    request.mutable_graph()->mutable_checkpoints()->set_max_concurrent(1);
    request.mutable_graph()->mutable_checkpoints()->set_timeout_millis(10'000);
  }
  print(callWith(*channel, "/weir.v1.JobManager/Submit", request.SerializeAsString()));
  return 0;
}

int submitMutants(int port, const Words& words) {
  Random random(std::stoull(words[0]));
  const auto channel = connect(port);
  const v1::BlobKey program = uploadProgram(channel);
  for (int i = std::stoi(words[1]); i > 0; --i) {
    const std::string bytes = mutated(random, validSubmission(random, program).SerializeAsString());
    print(callWith(*channel, "/weir.v1.JobManager/Submit", bytes));
  }
  return 0;
}

int sendGarbage(int port, const Words& words) {
  Random random(std::stoull(words[0]));
  const auto channel = connect(port);
  const Words methods = {"HasBlobs", "Submit", "ListJobs", "Cancel", "Dispose", "ListSavepoints"};
  for (int i = std::stoi(words[1]); i > 0; --i) {
    std::string bytes(random() % 200, '\0');
    for (char& byte : bytes) {
      byte = static_cast<char>(random());
    }
    print(callWith(*channel, "/weir.v1.JobManager/" + methods[random() % methods.size()], bytes));
  }
  return 0;
}

int sendLarge(int port, const Words& words) {
  v1::ListJobsRequest request;
  request.set_protocol(1);
  // An unknown field: bytes of field 1000.
  std::string bytes = request.SerializeAsString() + std::string("\xC2\x3E", 2);
  const std::size_t size = std::stoull(words[0]);
  for (std::size_t rest = size; rest > 0; rest >>= 7U) {
    bytes += static_cast<char>((rest & 0x7FU) | (rest > 0x7FU ? 0x80U : 0U));
  }
  bytes.append(size, 'x');
  print(callWith(*connect(port), "/weir.v1.JobManager/ListJobs", bytes));
  return 0;
}

int pretend(int port, const Words& words) {
  const Words manners = {"random", "flood", "large", "deaf", "forger"};
  std::size_t manner = 0;
  while (manner < manners.size() && manners[manner] != words[0]) {
    ++manner;
  }
  Random random(std::stoull(words[3]));
  const std::string end = pretendTaskManager(port,
                                             static_cast<Manner>(manner),
                                             static_cast<std::uint32_t>(std::stoul(words[1])),
                                             words.size() > 4 ? words[4] : "",
                                             std::chrono::milliseconds(std::stoi(words[2])),
                                             random);
  std::printf("%s\n", end.empty() ? "lasted" : end.c_str());
  return 0;
}

int writeMetadata(int /*port*/, const Words& words) {
  Random random(std::random_device{}());
  const std::string bytes = metadataFile(random, words[1], words[2]);
  std::FILE* file = std::fopen(words[0].c_str(), "wb");
  if (file == nullptr) {
    return 1;
  }
  const bool written = std::fwrite(bytes.data(), 1, bytes.size(), file) == bytes.size();
  return std::fclose(file) == 0 && written ? 0 : 1;
}

int run(int port, const std::string& what, const Words& words) {
  if (what == "kinds") {
    for (const std::string& kind : wrongKinds()) {
      std::printf("%s\n", kind.c_str());
    }
    return 0;
  }
  struct Command {
    const char* name;
    std::size_t words;
    int (*run)(int, const Words&);
  };
  for (const Command& command : {Command{"flood", 4, floodCalls},
                                 Command{"submit", 1, submit},
                                 Command{"mutants", 2, submitMutants},
                                 Command{"garbage", 2, sendGarbage},
                                 Command{"large", 1, sendLarge},
                                 Command{"taskmanager", 4, pretend},
                                 Command{"metadata", 3, writeMetadata}}) {
    if (what == command.name && words.size() >= command.words) {
      return command.run(port, words);
    }
  }
  std::fprintf(stderr, "wrong usage; the head of tests/hostile/client/main.cc says how\n");
  return 2;
}

}  // namespace
}  // namespace weir::hostile

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr, "usage: weir-hostile PORT COMMAND ...\n");
    return 2;
  }
  return weir::hostile::run(std::atoi(argv[1]), argv[2], {argv + 3, argv + argc});
}
