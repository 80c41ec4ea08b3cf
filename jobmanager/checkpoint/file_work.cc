#include "jobmanager/checkpoint/file_work.h"

#include "common/telemetry/log.h"

namespace weir::jobmanager {
namespace {

constexpr int kLooks = 10;  // Per patience.

}  // namespace

FileWork::~FileWork() {
  if (!queue_.empty()) {
    rest_->pieces.assign(std::next(queue_.begin()), queue_.end());
  }
}

void FileWork::whenIdle(std::function<void()> done) {
  if (idle()) {
    done();
  } else {
    waiting_.push_back(std::move(done));
  }
}

void FileWork::push(Piece piece) {
  ++outstanding_;
  auto shared = std::make_shared<Piece>(std::move(piece));
  if (queue_.size() >= bounds_.most_queued) {
    tellLater(shared,
              Error(ErrorCode::kResourceExhausted,
                    std::to_string(queue_.size()) + " pieces of file work wait" +
                        (place_.empty() ? "" : " for " + place_)));
    return;
  }
  queue_.push_back(shared);
  if (hanging_) {
    tellLater(shared, hangs());
  } else if (queue_.size() == 1) {
    start();
  }
}

void FileWork::start() {
  quiet_ = Duration::zero();
  watch();
  io_.post([this,
            &strand = strand_,
            &io = io_,
            alive = std::weak_ptr<bool>(alive_),
            piece = queue_.front(),
            progress = progress_,
            rest = rest_] {
    {
      const fs::Progress::Scope scope(*progress);
      piece->work();
    }
    strand.post([this, &io, alive, rest] {
      if (!alive.expired()) {
        returned();
      } else if (!rest->pieces.empty()) {
        io.post([rest] {
          for (const SharedPiece& left : rest->pieces) {
            left->work();
          }
        });
      }
    });
  });
}

void FileWork::returned() {
  const SharedPiece piece = std::move(queue_.front());
  queue_.pop_front();
  if (std::exchange(hanging_, false)) {
    log::info("file work that hung is back", {{"path", place_}, {"waiting", queue_.size()}});
  }
  if (queue_.empty()) {
    timer_.reset();
  } else {
    start();
  }
  if (piece->told) {
    piece->late();
    return;
  }
  const std::weak_ptr<bool> alive = alive_;
  piece->told = true;
  piece->answer();
  finish(alive);
}

void FileWork::watch() {
  seen_ = progress_->operations();
  timer_ = strand_.schedule(bounds_.patience / kLooks, [this] { look(); });
}

void FileWork::look() {
  const bool quiet = seen_ == progress_->operations();
  watch();
  quiet_ = quiet ? quiet_ + bounds_.patience / kLooks : Duration::zero();
  if (quiet_ >= bounds_.patience && !hanging_) {
    giveUp();
  }
}

void FileWork::giveUp() {
  hanging_ = true;
  log::warn("file work hangs, and nobody waits for it any more",
            {{"path", place_}, {"given_up", queue_.size()}});
  const std::weak_ptr<bool> alive = alive_;
  const Error why = hangs();
  for (const SharedPiece& piece : std::vector<SharedPiece>(queue_.begin(), queue_.end())) {
    if (alive.expired()) {
      return;
    }
    if (!std::exchange(piece->told, true)) {
      piece->give_up(why);
      finish(alive);
    }
  }
}

/// Not inside the call that has brought it.
void FileWork::tellLater(const SharedPiece& piece, Error why) {
  piece->told = true;
  strand_.post([this, alive = std::weak_ptr<bool>(alive_), piece, why = std::move(why)] {
    if (!alive.expired()) {
      piece->give_up(why);
      finish(alive);
    }
  });
}

Error FileWork::hangs() const {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(bounds_.patience).count();
  return Error(ErrorCode::kDeadlineExceeded,
               "a file operation" + (place_.empty() ? std::string() : " on " + place_) +
                   " hangs, and was given up after " + std::to_string(seconds) + " s")
      .advise("look at that file system; it is tried again once it answers");
}

void FileWork::finish(const std::weak_ptr<bool>& alive) {
  if (alive.expired() || --outstanding_ > 0) {
    return;
  }
  for (std::function<void()>& one : std::exchange(waiting_, {})) {
    one();
  }
}

}  // namespace weir::jobmanager
