#include "tests/hostile/client/flood.h"

#include <vector>

#include <grpcpp/create_channel.h>
#include <grpcpp/generic/generic_stub.h>

namespace weir::hostile {

namespace {

grpc::ByteBuffer toBuffer(const std::string& bytes) {
  const grpc::Slice slice(bytes);
  return {&slice, 1};
}

struct Call {
  grpc::ClientContext context;
  std::unique_ptr<grpc::GenericClientAsyncReaderWriter> stream;
  grpc::Status status;
};

/// Tags of a completion queue: a call's number, and which of its operations it was.
void* tagOf(std::size_t call, bool finished) {
  return reinterpret_cast<void*>(call * 2 + (finished ? 1 : 0));
}

std::string textOf(const grpc::Status& status) {
  return std::to_string(status.error_code()) + " " + status.error_message();
}

/// Counts what ends until `until`; how many have ended.
std::size_t collect(grpc::CompletionQueue& queue,
                    const std::vector<std::unique_ptr<Call>>& calls,
                    std::size_t wanted,
                    std::chrono::system_clock::time_point until,
                    Ends* ends) {
  void* tag = nullptr;
  bool done = false;
  std::size_t finished = 0;
  while (finished < wanted &&
         queue.AsyncNext(&tag, &done, until) == grpc::CompletionQueue::GOT_EVENT) {
    const auto number = reinterpret_cast<std::size_t>(tag);
    if (number % 2 == 0) {
      continue;
    }
    ++finished;
    if (ends != nullptr) {
      ++(*ends)[textOf(calls[number / 2]->status)];
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
  grpc::CompletionQueue queue;
  std::vector<std::unique_ptr<Call>> open;
  const grpc::ByteBuffer message = toBuffer(first);
  for (std::size_t i = 0; i < static_cast<std::size_t>(calls); ++i) {
    open.push_back(std::make_unique<Call>());
    Call& call = *open.back();
    grpc::GenericStub stub(channels[i % channels.size()]);
    call.stream = stub.PrepareCall(&call.context, method, &queue);
    call.stream->StartCall(tagOf(i, false));
    if (!first.empty()) {
      // Queued behind the start by gRPC; an error ends the call, which Finish() tells.
      call.stream->Write(message, tagOf(i, false));
    }
    call.stream->Finish(&call.status, tagOf(i, true));
  }
  Ends ends;
  const std::size_t ended = collect(queue, open, open.size(), until, &ends);
  ends[""] = static_cast<int>(open.size() - ended);
  for (const auto& call : open) {
    call->context.TryCancel();
  }
  collect(queue, open, open.size() - ended, std::chrono::system_clock::time_point::max(), nullptr);
  queue.Shutdown();
  void* tag = nullptr;
  bool done = false;
  while (queue.Next(&tag, &done)) {
  }
  return ends;
}

}  // namespace weir::hostile
