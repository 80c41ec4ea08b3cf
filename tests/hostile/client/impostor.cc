#include "tests/hostile/client/impostor.h"

#include <atomic>
#include <mutex>
#include <thread>

#include "cluster.grpc.pb.h"
#include "common/runtime/messages.h"
#include "tests/hostile/client/flood.h"

namespace weir::hostile {

namespace {

constexpr std::uint32_t kRunning = 4;
constexpr std::uint32_t kFileStorage = 3;

using Stream = grpc::ClientReaderWriter<v1::FromTaskManager, v1::ToTaskManager>;

v1::FromTaskManager registration(std::uint32_t slots, Random& random) {
  v1::FromTaskManager message;
  v1::Registration& registration = *message.mutable_registration();
  registration.set_protocol_version(runtime::Registration::kProtocolVersion);
  registration.set_id(randomId(random));
  registration.set_host("127.0.0.1");
  registration.set_data_port(9);
  registration.set_slots(slots);
  registration.set_cpu_cores(1);
  registration.set_physical_memory(1 << 30);
  return message;
}

v1::FromTaskManager update(const v1::ExecutionId& execution, const std::string& cause) {
  v1::FromTaskManager message;
  v1::TaskUpdate& one = *message.mutable_updates()->add_updates();
  *one.mutable_execution() = execution;
  one.mutable_task()->set_vertex(std::string(16, 'v'));
  one.set_state(kRunning);
  one.set_cause(cause);
  return message;
}

v1::ExecutionId execution(const std::string& job, Random& random) {
  v1::ExecutionId id;
  id.set_job(job);
  id.set_attempt(random() % 4);
  id.set_epoch(random() % 2);
  return id;
}

/// A report of any kind, with numbers that mean nothing.
v1::FromTaskManager anything(Random& random) {
  const std::string job = randomId(random);
  v1::FromTaskManager message = update(execution(job, random), "hostile");
  switch (random() % 6) {
    case 0: {
      v1::CheckpointAck& ack = *message.mutable_ack();
      *ack.mutable_execution() = execution(job, random);
      ack.set_checkpoint(random());
      v1::OperatorSnapshot& snapshot = *ack.add_operators();
      snapshot.set_id(randomId(random));
      snapshot.mutable_handle()->set_storage(static_cast<std::uint32_t>(random() % 4));
      snapshot.mutable_handle()->set_location("/etc/hostname");
      snapshot.mutable_handle()->set_size(random());
      break;
    }
    case 1:
      *message.mutable_decline()->mutable_execution() = execution(job, random);
      message.mutable_decline()->set_checkpoint(random());
      break;
    case 2:
      *message.mutable_exited()->mutable_execution() = execution(job, random);
      break;
    case 3:
      message.mutable_probe()->set_id(random());
      break;
    case 4:
      *message.mutable_discarded()->mutable_execution() = execution(job, random);
      message.mutable_discarded()->set_index(random());
      break;
    default:
      message.mutable_heartbeat()->set_sequence(random());
      *message.mutable_heartbeat()->add_running() = execution(job, random);
  }
  v1::FromTaskManager changed;
  // Lite messages hold bytes, so that any change of a message may be one again.
  if (random() % 2 == 0 && changed.ParseFromString(mutated(random, message.SerializeAsString()))) {
    return changed;
  }
  return message;
}

/// Answers orders as a task manager would, but for where it says that state lies.
class Forger {
 public:
  Forger(Stream& stream, std::string location) : stream_(stream), location_(std::move(location)) {}

  void take(const v1::ToTaskManager& order) {
    if (order.has_deployment()) {
      deployment_ = order.deployment();
      for (const v1::JobVertex& vertex : deployment_.graph().vertices()) {
        v1::FromTaskManager message = update(deployment_.execution(), "");
        message.mutable_updates()->mutable_updates(0)->mutable_task()->set_vertex(vertex.id());
        stream_.Write(message);
      }
    } else if (order.has_trigger()) {
      for (int i = 0; i < deployment_.graph().vertices_size(); ++i) {
        acknowledge(order.trigger().checkpoint(), i);
      }
    }
  }

 private:
  void acknowledge(std::uint64_t checkpoint, int vertex) {
    v1::FromTaskManager message;
    v1::CheckpointAck& ack = *message.mutable_ack();
    *ack.mutable_execution() = deployment_.execution();
    ack.set_checkpoint(checkpoint);
    ack.mutable_task()->set_vertex(deployment_.graph().vertices(vertex).id());
    v1::OperatorSnapshot& snapshot = *ack.add_operators();
    snapshot.set_id(deployment_.graph().operators(vertex).id());
    snapshot.mutable_handle()->set_storage(kFileStorage);
    snapshot.mutable_handle()->set_location(location_);
    snapshot.mutable_handle()->set_size(1);
    stream_.Write(message);
  }

  Stream& stream_;
  const std::string location_;
  v1::Deployment deployment_;
};

void misbehave(Stream& stream,
               Manner manner,
               std::chrono::steady_clock::time_point until,
               Random& random) {
  while (std::chrono::steady_clock::now() < until) {
    bool open = true;
    if (manner == Manner::kRandom) {
      open = stream.Write(anything(random));
    } else if (manner == Manner::kFlood) {
      open = stream.Write(update(execution(randomId(random), random), "flood"));
    } else if (manner == Manner::kLarge) {
      open = stream.Write(update(execution(randomId(random), random), std::string(30 << 20, 'x')));
    } else {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    if (!open) {
      return;
    }
  }
}

}  // namespace

std::string pretendTaskManager(int port,
                               Manner manner,
                               std::uint32_t slots,
                               const std::string& location,
                               std::chrono::milliseconds duration,
                               Random& random) {
  const auto until = std::chrono::steady_clock::now() + duration;
  const auto channel = connect(port);
  const auto stub = v1::TaskManagers::NewStub(channel);
  grpc::ClientContext context;
  const auto stream = stub->Session(&context);
  stream->Write(registration(slots, random));
  v1::ToTaskManager message;
  std::string refused;
  std::atomic<bool> ended = false;
  if (!stream->Read(&message) || message.has_refused()) {
    refused = message.refused().reason();
    context.TryCancel();
    const grpc::Status status = stream->Finish();
    return refused.empty() ? status.error_message() : refused;
  }
  Forger forger(*stream, location);
  std::thread reader([&] {
    while (manner != Manner::kDeaf && stream->Read(&message)) {
      if (message.has_refused()) {
        refused = message.refused().reason();
      } else if (manner == Manner::kForger) {
        forger.take(message);
      }
    }
    ended = manner != Manner::kDeaf;
  });
  misbehave(*stream, manner, until, random);
  const bool lasted = !ended;
  context.TryCancel();
  reader.join();
  const grpc::Status status = stream->Finish();
  if (lasted) {
    return "";
  }
  return refused.empty() ? std::to_string(status.error_code()) + " " + status.error_message()
                         : refused;
}

}  // namespace weir::hostile
