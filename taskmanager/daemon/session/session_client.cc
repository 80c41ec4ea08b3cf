#include "taskmanager/daemon/session/session_client.h"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include <grpcpp/grpcpp.h>

#include "cluster.grpc.pb.h"
#include "common/base/lease.h"
#include "common/rpc/channel.h"
#include "common/rpc/retry.h"
#include "common/rpc/status.h"
#include "common/runtime/leader_change.h"
#include "common/telemetry/log.h"
#include "common/wire/adoption.h"
#include "common/wire/deployment.h"
#include "common/wire/messages.h"
#include "taskmanager/daemon/session/orders.h"

namespace weir::taskmanager {

namespace {

constexpr std::size_t kRoomBytes = 16 << 20;  // What may be queued before workers are held back.
constexpr Duration kWatchEvery = std::chrono::milliseconds(200);
constexpr Duration kCloseGrace = std::chrono::seconds(1);
constexpr Duration kFollowPause = std::chrono::milliseconds(50);  // Before a leader that was named.
constexpr Duration kSilentRetries = std::chrono::seconds(30);     // Between log lines.

constexpr const char* kStopped = "it was stopped";

using Stream = grpc::ClientReaderWriter<v1::FromTaskManager, v1::ToTaskManager>;

/// How one attempt to have a session ended.
struct Outcome {
  bool registered = false;
  bool refused = false;
  bool retry = true;
  bool dismissed = false;  // It has given us up.
  std::int64_t asked_at = 0;
  rpc::Address asked = {};
  Error error;
};

}  // namespace

struct SessionClient::State {
  State(IoLoop& its_loop, rpc::LeaderRoute& its_route, SessionSettings its_settings)
      : loop(its_loop), route(its_route), settings(std::move(its_settings)) {}

  void run();
  void serve(const runtime::Registration& registration);
  Outcome attempt(const runtime::Registration& registration);
  void begin(Stream& stream, const v1::ToTaskManager& answer, Outcome& outcome);
  Duration pauseAfter(const Outcome& outcome, Duration delay);
  bool askAnother(const Outcome& outcome);
  Error nobodyLeads() const;
  void converse(Stream& stream, const v1::Registered& answer, std::int64_t asked_at);
  Error reasonOfEnd(Stream& stream);
  void send(const runtime::TaskManagerReport& report) { queueUp(wire::toProto(report)); }
  void queueUp(v1::FromTaskManager message);
  void write(Stream& stream);
  void receive(const v1::ToTaskManager& message);
  void watch();
  bool pause(Duration duration);
  Error tooLate(const Error& last) const;
  void tell(std::function<void(Listener&)> what);

  IoLoop& loop;             // Borrowed from the daemon.
  rpc::LeaderRoute& route;  // Likewise; shared with the blob client.
  const SessionSettings settings;
  Listener* listener = nullptr;
  SystemRandom random;
  SystemClock clock;

  std::mutex mutex;
  std::condition_variable changed;
  std::optional<runtime::Registration> wanted;
  runtime::Holdings holdings;
  std::deque<v1::FromTaskManager> queue;
  std::size_t queued_bytes = 0;
  bool was_full = false;
  bool in_session = false;
  bool closing = false;
  bool moved = false;                      // Another leader is known: nothing waits longer.
  bool ended = false;                      // run() has returned.
  grpc::ClientContext* context = nullptr;  // Of the call that runs.
  SteadyTime silent_since = SteadyTime::max();
  Duration silence_limit{};
  std::string address;     // Of the job manager that was asked last.
  std::string ended_by;    // What the job manager said last, or the watch.
  bool dismissed = false;  // It said so, and that nobody may adopt what runs here.

  std::unique_ptr<IoLoop::Timer> watch_timer;  // The strand's.
  std::thread thread;
};

SessionClient::SessionClient(IoLoop& loop, rpc::LeaderRoute& route, SessionSettings settings)
    : state_(std::make_unique<State>(loop, route, std::move(settings))) {}

SessionClient::~SessionClient() { close(); }

void SessionClient::open(runtime::Registration registration, Listener& listener) {
  std::lock_guard lock(state_->mutex);
  if (state_->closing) {
    return;
  }
  state_->listener = &listener;
  state_->wanted = std::move(registration);
  state_->changed.notify_all();
  if (!state_->thread.joinable()) {
    state_->thread = std::thread([state = state_.get()] { state->run(); });
    state_->loop.post([state = state_.get()] { state->watch(); });
  }
}

void SessionClient::setHoldings(runtime::Holdings holdings) {
  const std::lock_guard lock(state_->mutex);
  state_->holdings = std::move(holdings);
}

void SessionClient::send(runtime::TaskManagerReport report) { state_->send(report); }

void SessionClient::told(const runtime::ExecutionId& execution) {
  v1::FromTaskManager message;
  *message.mutable_told() = wire::toProto(execution);
  state_->queueUp(std::move(message));
}

void SessionClient::relay(runtime::EncodedAck ack) {
  state_->queueUp(wire::toProto(std::move(ack)));
}

void SessionClient::State::queueUp(v1::FromTaskManager message) {
  std::lock_guard lock(mutex);
  if (!in_session || closing) {
    return;
  }
  queued_bytes += message.ByteSizeLong();
  was_full = was_full || queued_bytes > kRoomBytes;
  queue.push_back(std::move(message));
  changed.notify_all();
}

bool SessionClient::hasRoom() const {
  std::lock_guard lock(state_->mutex);
  return state_->queued_bytes <= kRoomBytes;
}

void SessionClient::close() {
  std::unique_lock lock(state_->mutex);
  if (!state_->closing && state_->in_session) {
    v1::FromTaskManager farewell;
    farewell.mutable_farewell()->set_reason(kStopped);
    state_->queue.push_back(std::move(farewell));
  }
  state_->closing = true;
  state_->changed.notify_all();
  if (state_->context != nullptr && !state_->in_session) {
    state_->context->TryCancel();  // Nothing is queued before the registration is answered.
  }
  if (!state_->thread.joinable()) {
    return;
  }
  if (!state_->changed.wait_for(lock, kCloseGrace, [&] { return state_->ended; }) &&
      state_->context != nullptr) {
    state_->context->TryCancel();
  }
  lock.unlock();
  state_->thread.join();
  state_->watch_timer.reset();
}

void SessionClient::State::tell(std::function<void(Listener&)> what) {
  loop.post([this, what = std::move(what)] { what(*listener); });
}

void SessionClient::State::run() {
  for (;;) {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return closing || wanted; });
    if (closing) {
      ended = true;
      changed.notify_all();
      return;
    }
    const runtime::Registration registration = *std::exchange(wanted, std::nullopt);
    lock.unlock();
    serve(registration);
  }
}

Error SessionClient::State::tooLate(const Error& last) const {
  const auto limit =
      std::chrono::duration_cast<std::chrono::milliseconds>(settings.registration_limit).count();
  return Error(last.code(),
               "no job manager within " + std::to_string(limit) +
                   " ms (taskmanager.maxRegistrationDuration): " + last.text())
      .advise(address.empty() ? "start one"
                              : "start one, or set jobmanager.rpc.address and jobmanager.rpc.port");
}

bool SessionClient::State::pause(Duration duration) {
  std::unique_lock lock(mutex);
  changed.wait_for(lock, duration, [&] { return closing || moved; });
  return !closing;
}

void SessionClient::follow(const rpc::Address& leader) {
  const std::lock_guard lock(state_->mutex);
  if (!state_->route.follow(leader)) {
    return;
  }
  state_->moved = true;
  state_->changed.notify_all();
  if (state_->context != nullptr && !state_->closing) {
    state_->ended_by = "another job manager leads now, at " + leader.text();
    state_->context->TryCancel();
  }
}

void SessionClient::State::serve(const runtime::Registration& registration) {
  rpc::RetryPolicy policy;
  policy.longest = std::chrono::seconds(2);
  policy.give_up_after = settings.registration_limit;
  rpc::Retry retry(policy, clock.now());
  SteadyTime quiet_until = clock.now();
  for (;;) {
    const Outcome outcome = attempt(registration);
    {
      std::lock_guard lock(mutex);
      if (closing) {
        return;
      }
    }
    if (outcome.registered) {
      tell([reason = outcome.error.text(), dismissed = outcome.dismissed](Listener& to) {
        dismissed ? to.onDismissed(reason) : to.onLost(reason);
      });
      return;
    }
    std::optional<Duration> delay = retry.next(clock.now(), random);
    if (!delay || !outcome.retry) {
      tell([error = delay ? outcome.error : tooLate(outcome.error)](Listener& to) {
        to.onGivenUp(error);
      });
      return;
    }
    delay = pauseAfter(outcome, *delay);
    if (askAnother(outcome)) {
      delay = std::min(*delay, kFollowPause);
    } else if (outcome.refused || clock.now() >= quiet_until) {
      quiet_until = clock.now() + kSilentRetries;
      log::warn("not registered yet, trying again",
                {{"jobmanager", outcome.asked.host.empty() ? "unknown" : outcome.asked.text()},
                 {"reason", outcome.error.text()}});
    }
    if (!pause(*delay)) {
      return;
    }
  }
}

/// True when who was asked has named the leader. Who gave no answer may be gone.
bool SessionClient::State::askAnother(const Outcome& outcome) {
  if (const auto named = runtime::leaderNamedBy(outcome.error)) {
    const auto leader = rpc::parseAddress(*named);
    if (!leader || !route.follow(*leader)) {
      return false;
    }
    log::info("another job manager leads",
              {{"asked", outcome.asked.text()}, {"leader", leader->text()}});
    return true;
  }
  route.pass(outcome.asked);
  return false;
}

/// The next leader does not wait long for what runs.
Duration SessionClient::State::pauseAfter(const Outcome& outcome, Duration delay) {
  const std::lock_guard lock(mutex);
  if (!holdings.attempts.empty()) {
    return std::min(delay, settings.holding_pause);
  }
  return outcome.refused ? settings.refusal_pause : delay;
}

Error SessionClient::State::nobodyLeads() const {
  const auto why = settings.why_nobody ? settings.why_nobody() : std::nullopt;
  return why ? *why : Error(ErrorCode::kUnavailable, "no job manager is known to lead");
}

Outcome SessionClient::State::attempt(const runtime::Registration& registration) {
  grpc::ClientContext its_context;
  v1::FromTaskManager first;
  rpc::LeaderRoute::Way way;
  *first.mutable_registration() = wire::toProto(registration);
  {
    std::lock_guard lock(mutex);
    way = route.current();  // Under the lock: follow() comes before it, or finds the context.
    wire::addHoldings(*first.mutable_registration(), holdings);
    moved = false;
    if (!way.channel) {
      return {.error = nobodyLeads()};
    }
    context = &its_context;
    address = way.address.text();
    if (!holdings.attempts.empty()) {
      grpc::experimental::ChannelResetConnectionBackoff(way.channel.get());  // As often as we ask.
    }
    ended_by.clear();
    dismissed = false;
    silent_since = clock.now();
    silence_limit = settings.answer_timeout;
    if (closing) {
      its_context.TryCancel();
    }
  }
  const auto stub = v1::TaskManagers::NewStub(way.channel);
  const std::unique_ptr<Stream> stream = stub->Session(&its_context);
  v1::ToTaskManager answer;
  Outcome outcome{.asked = way.address, .error = Error(ErrorCode::kUnavailable, "")};
  outcome.asked_at = nanosSinceBoot();
  if (stream->Write(first) && stream->Read(&answer)) {
    begin(*stream, answer, outcome);
    its_context.TryCancel();
  }
  outcome.error = reasonOfEnd(*stream);
  std::lock_guard lock(mutex);
  outcome.dismissed = dismissed;
  context = nullptr;
  silent_since = SteadyTime::max();
  return outcome;
}

/// By what the job manager answers to the registration: the session, or none.
void SessionClient::State::begin(Stream& stream,
                                 const v1::ToTaskManager& answer,
                                 Outcome& outcome) {
  std::unique_lock lock(mutex);
  if (answer.has_refused()) {
    outcome.refused = true;
    outcome.retry = answer.refused().retry();
    ended_by =
        "the job manager at " + address + " refused the registration: " + answer.refused().reason();
  } else if (answer.has_registered() &&
             answer.registered().leader_epoch() < holdings.newest.value()) {
    outcome.refused = true;
    ended_by =
        "the job manager at " + address + " is of epoch " +
        std::to_string(answer.registered().leader_epoch()) +
        ", and one of a newer epoch was obeyed here: " + std::to_string(holdings.newest.value());
  } else if (answer.has_registered()) {
    lock.unlock();
    outcome.registered = true;
    converse(stream, answer.registered(), outcome.asked_at);
  }
}

Error SessionClient::State::reasonOfEnd(Stream& stream) {
  const Status status = rpc::fromGrpc(stream.Finish());
  std::lock_guard lock(mutex);
  if (!ended_by.empty()) {
    return Error(ErrorCode::kUnavailable, ended_by);
  }
  if (status) {
    return Error(ErrorCode::kUnavailable, "the job manager at " + address + " ended the session");
  }
  return Error(status.error()).during("job manager at " + address);
}

void SessionClient::State::converse(Stream& stream,
                                    const v1::Registered& answer,
                                    std::int64_t asked_at) {
  const SessionTerms terms{std::chrono::milliseconds(answer.heartbeat_interval_millis()),
                           std::chrono::milliseconds(answer.heartbeat_timeout_millis()),
                           asked_at,
                           answer.max_message_bytes() == 0 ? std::uint64_t{rpc::kMaxMessageBytes}
                                                           : answer.max_message_bytes(),
                           LeaderEpoch(answer.leader_epoch()),
                           std::chrono::milliseconds(answer.adoption_timeout_millis())};
  {
    std::lock_guard lock(mutex);
    queue.clear();
    queued_bytes = 0;
    was_full = false;
    in_session = true;
    silent_since = clock.now();
    silence_limit = terms.heartbeat_timeout;
  }
  tell([terms](Listener& to) { to.onRegistered(terms); });
  std::thread writer([this, &stream] { write(stream); });
  v1::ToTaskManager message;
  while (stream.Read(&message)) {
    {
      std::lock_guard lock(mutex);
      silent_since = clock.now();
    }
    receive(message);
  }
  {
    std::lock_guard lock(mutex);
    in_session = false;
    queue.clear();
    queued_bytes = 0;
    context->TryCancel();  // A write may hang.
    changed.notify_all();
  }
  writer.join();
}

void SessionClient::State::receive(const v1::ToTaskManager& message) {
  if (message.has_registered()) {
    return;
  }
  if (message.has_refused()) {
    std::lock_guard lock(mutex);
    dismissed = !message.refused().adoptable();
    ended_by = "the job manager ended the session: " + message.refused().reason();
    return;
  }
  if (auto heard = hear(message)) {
    return tell(*std::move(heard));
  } else {
    log::warn("ignoring an order that cannot be read", {{"reason", heard.error().text()}});
    if (const auto refusal = refusalOf(message, heard.error())) {
      send(*refusal);
    }
  }
}

void SessionClient::State::write(Stream& stream) {
  for (;;) {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return !queue.empty() || closing || !in_session; });
    if (!in_session) {
      return;
    }
    if (queue.empty()) {
      lock.unlock();
      stream.WritesDone();
      return;
    }
    const v1::FromTaskManager message = std::move(queue.front());
    queue.pop_front();
    queued_bytes -= std::min(queued_bytes, message.ByteSizeLong());
    const bool more = !queue.empty();
    const bool room = was_full && queued_bytes < kRoomBytes / 2;
    was_full = was_full && !room;
    lock.unlock();
    if (room) {
      tell([](Listener& to) { to.onRoom(); });
    }
    grpc::WriteOptions options;
    if (more) {
      options.set_buffer_hint();  // Goes out with the next: one packet for many reports.
    }
    if (!stream.Write(message, options)) {
      return;  // The reader sees the end too.
    }
  }
}

void SessionClient::State::watch() {
  {
    std::lock_guard lock(mutex);
    if (context != nullptr && silent_since < SteadyTime::max() &&
        silence_limit > Duration::zero() && clock.now() - silent_since > silence_limit) {
      ended_by = "the job manager at " + address + " was silent for too long";
      silent_since = SteadyTime::max();
      context->TryCancel();
    }
  }
  watch_timer = loop.schedule(kWatchEvery, [this] { watch(); });
}

}  // namespace weir::taskmanager
