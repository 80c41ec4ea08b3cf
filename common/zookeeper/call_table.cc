#include "common/zookeeper/call_table.h"

#include <utility>

namespace weir::zookeeper {

CallTable::Call& CallTable::add(Duration patience, Answered answered) {
  const std::uint64_t id = ++last_;
  waiting_[id] = {std::move(answered), executor_.schedule(patience, [weak = weak_from_this(), id] {
                    if (const auto table = weak.lock()) {
                      table->finished(id, {.code = ZOPERATIONTIMEOUT});
                    }
                  })};
  const std::lock_guard lock(mutex_);
  Call& call = calls_[id];
  call.table = this;
  call.id = id;
  return call;
}

CallTable::Watch* CallTable::addWatch(Call& call, Fired fired) {
  if (!fired) {
    return nullptr;
  }
  const std::uint64_t id = ++last_;
  watching_[id] = std::move(fired);
  call.watch = id;
  const std::lock_guard lock(mutex_);
  Watch& watch = watches_[id];
  watch.table = this;
  watch.id = id;
  return &watch;
}

void CallTable::refused(Call& call, int code) { finish(&call, {.code = code}); }

void CallTable::failAll(int code) {
  for (auto& [id, waiting] : std::exchange(waiting_, {})) {
    waiting.answered({.code = code});
  }
}

void CallTable::close() {
  closed_ = true;
  waiting_.clear();
  watching_.clear();
}

/// Anywhere. The call's memory is given back, as the library has done with it.
void CallTable::finish(const void* context, Reply reply) {
  const auto* call = static_cast<const Call*>(context);
  CallTable& table = *call->table;
  const std::uint64_t id = call->id;
  const bool watched = reply.code == ZOK || (reply.code == ZNONODE && call->watches_absence);
  const std::uint64_t unset = watched ? 0 : call->watch;
  {
    const std::lock_guard lock(table.mutex_);
    table.watches_.erase(unset);
    table.calls_.erase(id);
  }
  // Shared, as tasks are copied.
  auto shared = std::make_shared<Reply>(std::move(reply));
  table.executor_.post([weak = table.weak_from_this(), id, unset, shared] {
    if (const auto alive = weak.lock()) {
      alive->watching_.erase(unset);
      alive->finished(id, std::move(*shared));
    }
  });
}

void CallTable::finished(std::uint64_t id, Reply reply) {
  const auto found = waiting_.find(id);
  if (found != waiting_.end()) {  // Else its patience had ended.
    const Answered answered = std::move(found->second.answered);
    waiting_.erase(found);
    answered(std::move(reply));
  }
}

void CallTable::fired(std::uint64_t id) {
  const auto found = watching_.find(id);
  if (found != watching_.end()) {
    const Fired fired = std::move(found->second);
    watching_.erase(found);
    fired();
  }
}

void CallTable::onVoid(int code, const void* call) { finish(call, {.code = code}); }

void CallTable::onStat(int code, const struct Stat* stat, const void* call) {
  Reply reply{.code = code};
  if (stat != nullptr && code == ZOK) {
    reply.stat = *stat;
  }
  finish(call, std::move(reply));
}

void CallTable::onData(
    int code, const char* bytes, int size, const struct Stat* stat, const void* call) {
  Reply reply{.code = code};
  if (code == ZOK) {
    if (bytes != nullptr && size > 0) {  // Minus one: the node holds no bytes.
      reply.text.assign(bytes, static_cast<std::size_t>(size));
    }
    reply.stat = *stat;
  }
  finish(call, std::move(reply));
}

void CallTable::onStrings(int code, const String_vector* strings, const void* call) {
  Reply reply{.code = code};
  if (code == ZOK && strings != nullptr) {
    reply.names.assign(strings->data, strings->data + strings->count);
  }
  finish(call, std::move(reply));
}

void CallTable::onStringAndStat(int code,
                                const char* text,
                                const struct Stat* stat,
                                const void* call) {
  Reply reply{.code = code};
  if (code == ZOK && text != nullptr) {
    reply.text = text;
  }
  if (code == ZOK && stat != nullptr) {
    reply.stat = *stat;
  }
  finish(call, std::move(reply));
}

void CallTable::onMulti(int code, const void* context) {
  const auto* call = static_cast<const Call*>(context);
  Reply reply{.code = code};
  for (const zoo_op_result_t& result : call->results) {
    reply.codes.push_back(result.err);
  }
  reply.stats = call->stats;
  finish(context, std::move(reply));
}

void CallTable::onWatch(
    zhandle_t* /*handle*/, int type, int /*state*/, const char* /*path*/, void* context) {
  constexpr int kSessionEvent = -1;  // Told by onEvent().
  if (type == kSessionEvent) {
    return;
  }
  const auto* watch = static_cast<const Watch*>(context);
  CallTable& table = *watch->table;
  const std::uint64_t id = watch->id;
  {
    const std::lock_guard lock(table.mutex_);
    table.watches_.erase(id);
  }
  table.executor_.post([weak = table.weak_from_this(), id] {
    if (const auto alive = weak.lock()) {
      alive->fired(id);
    }
  });
}

void CallTable::onEvent(
    zhandle_t* /*handle*/, int /*type*/, int state, const char* /*path*/, void* context) {
  CallTable& table = *static_cast<CallTable*>(context);
  table.executor_.post([weak = table.weak_from_this(), state] {
    const auto alive = weak.lock();
    if (alive && !alive->closed_) {
      alive->event_(state);
    }
  });
}

}  // namespace weir::zookeeper
