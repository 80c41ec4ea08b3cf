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
    if (write != nullptr && given_up_) {
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
  if (refused) {
    io_.post([done = std::move(write->done), why = *refused] { done(why); });
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
    if (!writes->empty()) {
      if (!writeAndAnswer(writes)) {
        return;  // Nothing more is written: another one may lead by now.
      }
      target_.afterWrites();
    } else if (!other) {
      return;
    } else if (const auto* one = std::get_if<Begin>(&*other)) {
      one->done(target_.begin());
    } else {
      target_.forget();
    }
  }
}

/// False when the write was given up meanwhile.
bool WriteQueue::writeAndAnswer(const std::shared_ptr<Writes>& writes) {
  const auto watch = io_.schedule(bounds_.patience, [this, writes] { giveUp(writes); });
  const std::vector<Status> answers = target_.write(*writes);
  {
    const std::lock_guard lock(mutex_);
    if (written_ != writes) {
      return false;
    }
    written_.reset();
  }
  for (std::size_t i = 0; i < writes->size(); ++i) {
    (*writes)[i].done(answers[i]);
  }
  return true;
}

void WriteQueue::giveUp(const std::shared_ptr<Writes>& hanging) {
  std::deque<Request> waiting;
  {
    const std::lock_guard lock(mutex_);
    if (written_ != hanging) {
      return;
    }
    written_.reset();
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(bounds_.patience);
    given_up_ = Error(
        ErrorCode::kFenced,
        words_.has_not_taken + " taken a write for " + std::to_string(seconds.count()) + " s");
    waiting.swap(requests_);
  }
  for (const StoreWrite& one : *hanging) {
    one.done(*given_up_);
  }
  for (const Request& one : waiting) {
    if (const auto* write = std::get_if<StoreWrite>(&one)) {
      write->done(*given_up_);
    }
  }
}

}  // namespace weir::ha
