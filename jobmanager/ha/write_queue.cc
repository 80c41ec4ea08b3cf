#include "jobmanager/ha/write_queue.h"

#include <utility>

namespace weir::ha {

void WriteQueue::begin(Answer<Term> done) { request(Begin{std::move(done)}); }

void WriteQueue::write(StoreWrite write) { request(std::move(write)); }

void WriteQueue::forget() { request(Forget{}); }

void WriteQueue::request(Request request) {
  bool idle = false;
  std::optional<Error> refused;
  auto* write = std::get_if<StoreWrite>(&request);
  {
    const std::lock_guard lock(mutex_);
    if (given_up_) {  // Nothing is done any more.
      refused = given_up_;
    } else if (write != nullptr && requests_.size() >= bounds_.most_waiting) {
      refused = Error(ErrorCode::kResourceExhausted,
                      std::to_string(bounds_.most_waiting) + " writes wait for " + words_.waits_for)
                    .advise(words_.advice);
    } else {
      requests_.push_back(std::move(request));
      idle = !std::exchange(draining_, true);
    }
  }
  if (refused && write != nullptr) {
    io_.post([done = std::move(write->done), why = *refused] { done(why); });
  } else if (auto* begin = std::get_if<Begin>(&request); refused && begin != nullptr) {
    io_.post([done = std::move(begin->done), why = *refused] { done(why); });
  } else if (idle) {
    io_.post([this] { drain(); });
  }
}

/// Writes that can be done together, or another request, or neither: then nothing waits.
std::shared_ptr<WriteQueue::Writes> WriteQueue::nextWrites(std::optional<Request>& other) {
  auto writes = std::make_shared<Writes>();
  const std::lock_guard lock(mutex_);
  while (!requests_.empty() && writes->size() < bounds_.most_together &&
         std::holds_alternative<StoreWrite>(requests_.front())) {
    writes->push_back(std::get<StoreWrite>(std::move(requests_.front())));
    requests_.pop_front();
  }
  if (!writes->empty()) {
    written_ = writes;
  } else if (!requests_.empty()) {
    other = std::move(requests_.front());
    requests_.pop_front();
  } else {
    draining_ = false;
  }
  return writes;
}

void WriteQueue::drain() {
  for (;;) {
    std::optional<Request> other;
    const auto writes = nextWrites(other);
    bool goes_on = true;  // Else another one may lead by now, and nothing more is done.
    if (!writes->empty()) {
      goes_on = writeAndAnswer(writes) && watched([this] { target_.afterWrites(); });
    } else if (!other) {
      return;
    } else if (const auto* one = std::get_if<Begin>(&*other)) {
      goes_on = beginAndAnswer(*one);
    } else {
      goes_on = watched([this] { target_.forget(); });
    }
    if (!goes_on) {
      return;
    }
  }
}

/// False when the writes were given up meanwhile.
bool WriteQueue::writeAndAnswer(const std::shared_ptr<Writes>& writes) {
  std::vector<Status> answers;
  if (!watched([&] { answers = target_.write(*writes); })) {
    return false;
  }
  for (std::size_t i = 0; i < writes->size(); ++i) {
    (*writes)[i].done(answers[i]);
  }
  return true;
}

/// Likewise.
bool WriteQueue::beginAndAnswer(const Begin& begin) {
  {
    const std::lock_guard lock(mutex_);
    beginning_ = begin.done;
  }
  std::optional<Result<Term>> term;
  if (!watched([&] { term = target_.begin(); })) {
    return false;
  }
  begin.done(*std::move(term));
  return true;
}

/// False when it was given up meanwhile.
bool WriteQueue::watched(const std::function<void()>& work) {
  {
    const std::lock_guard lock(mutex_);
    watching_ = true;
    ++turn_;
    seen_ = steps_;
    quiet_ = Duration::zero();
    lookLater();
  }
  work();
  const std::lock_guard lock(mutex_);
  timer_.reset();
  written_.reset();
  beginning_ = nullptr;
  return std::exchange(watching_, false);
}

/// Under the mutex.
void WriteQueue::lookLater() {
  timer_ = io_.schedule(bounds_.patience / kLooks, [this, turn = turn_] { look(turn); });
}

void WriteQueue::look(std::uint64_t turn) {
  const bool ends_by_itself = target_.endsByItself();
  std::unique_lock lock(mutex_);
  if (!watching_ || turn != turn_) {
    return;
  }
  const std::uint64_t steps = steps_;
  quiet_ = steps == seen_ ? quiet_ + bounds_.patience / kLooks : Duration::zero();
  seen_ = steps;
  if (quiet_ < bounds_.patience || ends_by_itself) {
    lookLater();
    return;
  }
  giveUp(std::move(lock));
}

void WriteQueue::giveUp(std::unique_lock<std::mutex> lock) {
  watching_ = false;
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(bounds_.patience);
  const Error why(ErrorCode::kFenced,
                  words_.has_not_taken + " gone on for " + std::to_string(seconds.count()) + " s");
  given_up_ = why;
  const std::shared_ptr<Writes> hanging = std::exchange(written_, nullptr);
  const Answer<Term> beginning = std::exchange(beginning_, nullptr);
  const std::deque<Request> waiting = std::exchange(requests_, {});
  lock.unlock();
  if (beginning) {
    beginning(Error(ErrorCode::kUnavailable, why.message()).during("become the leader"));
  }
  if (hanging) {
    for (const StoreWrite& one : *hanging) {
      one.done(why);
    }
  }
  for (const Request& one : waiting) {
    if (const auto* write = std::get_if<StoreWrite>(&one)) {
      write->done(why);
    } else if (const auto* begin = std::get_if<Begin>(&one)) {
      begin->done(why);
    }
  }
}

}  // namespace weir::ha
