#include "tests/hostile/client/flood.h"

#include <optional>
#include <vector>

#include <grpcpp/create_channel.h>
#include <grpcpp/generic/generic_stub.h>

namespace weir::hostile {

namespace {

grpc::ByteBuffer toBuffer(const std::string& bytes) {
  const grpc::Slice slice(bytes);
  return {&slice, 1};
}

/// What ended, in the tags of a completion queue, which are numbers: four for each call.
enum Operation : std::size_t { kStarted, kWritten, kRead, kFinished, kOperations };

struct Call {
  grpc::ClientContext context;
  std::unique_ptr<grpc::GenericClientAsyncReaderWriter> stream;
  grpc::ByteBuffer answer;
  grpc::Status status;
};

void* tagOf(std::size_t call, Operation operation) {
  return reinterpret_cast<void*>(call * kOperations + operation);
}

std::string textOf(const grpc::Status& status) {
  return std::to_string(status.error_code()) + " " + status.error_message();
}

/// The calls that are open, and what they send.
struct Open {
  grpc::CompletionQueue queue;
  std::vector<std::unique_ptr<Call>> calls;
  std::optional<grpc::ByteBuffer> message;
};

/// Begins what follows an operation: the message after the start, and reads for ever, as a status
/// comes only after what was sent before it.
void goOn(Open& open, std::size_t number, Operation operation) {
  Call& call = *open.calls[number];
  if (operation == kStarted && open.message) {
    call.stream->Write(*open.message, tagOf(number, kWritten));
  }
  if (operation != kWritten) {
    call.stream->Read(&call.answer, tagOf(number, kRead));
  }
}

/// Counts what ends until `until`, at most `wanted` calls; how many have ended.
std::size_t collect(Open& open,
                    std::size_t wanted,
                    std::chrono::system_clock::time_point until,
                    Ends* ends) {
  void* tag = nullptr;
  bool done = false;
  std::size_t finished = 0;
  while (finished < wanted &&
         open.queue.AsyncNext(&tag, &done, until) == grpc::CompletionQueue::GOT_EVENT) {
    const std::size_t number = reinterpret_cast<std::size_t>(tag) / kOperations;
    const auto operation = static_cast<Operation>(reinterpret_cast<std::size_t>(tag) % kOperations);
    if (operation != kFinished) {
      if (done) {
        goOn(open, number, operation);
      }
      continue;
    }
    ++finished;
    if (ends != nullptr) {
      ++(*ends)[textOf(open.calls[number]->status)];
    }
  }
  return finished;
}

}  // namespace

std::shared_ptr<grpc::Channel> connect(int port) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetMaxReceiveMessageSize(-1);
  arguments.SetMaxSendMessageSize(-1);
  return grpc::CreateCustomChannel(
      "dns:///127.0.0.1:" + std::to_string(port), grpc::InsecureChannelCredentials(), arguments);
}

grpc::Status callWith(grpc::Channel& channel, const std::string& method, const std::string& bytes) {
  const auto shared = std::shared_ptr<grpc::Channel>(&channel, [](grpc::Channel*) {});
  grpc::GenericStub stub(shared);
  grpc::CompletionQueue queue;
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(60));
  const auto call = stub.PrepareUnaryCall(&context, method, toBuffer(bytes), &queue);
  grpc::ByteBuffer reply;
  grpc::Status status;
  call->StartCall();
  call->Finish(&reply, &status, nullptr);
  void* tag = nullptr;
  bool done = false;
  queue.Next(&tag, &done);
  queue.Shutdown();
  return status;
}

Ends flood(int port,
           const std::string& method,
           const std::string& first,
           int calls,
           int connections,
           std::chrono::milliseconds duration) {
  const auto until = std::chrono::system_clock::now() + duration;
  std::vector<std::shared_ptr<grpc::Channel>> channels;
  for (int i = 0; i < connections; ++i) {
    channels.push_back(connect(port));
  }
  Open open;
  if (!first.empty()) {
    open.message = toBuffer(first);
  }
  for (std::size_t i = 0; i < static_cast<std::size_t>(calls); ++i) {
    open.calls.push_back(std::make_unique<Call>());
    Call& call = *open.calls.back();
    grpc::GenericStub stub(channels[i % channels.size()]);
    call.stream = stub.PrepareCall(&call.context, method, &open.queue);
    call.stream->StartCall(tagOf(i, kStarted));
    call.stream->Finish(&call.status, tagOf(i, kFinished));
  }
  Ends ends;
  const std::size_t ended = collect(open, open.calls.size(), until, &ends);
  ends[""] = static_cast<int>(open.calls.size() - ended);
  for (const auto& call : open.calls) {
    call->context.TryCancel();
  }
  collect(open, open.calls.size() - ended, std::chrono::system_clock::time_point::max(), nullptr);
  open.queue.Shutdown();
  void* tag = nullptr;
  bool done = false;
  while (open.queue.Next(&tag, &done)) {
  }
  return ends;
}

}  // namespace weir::hostile
