#include "common/http/read_ahead.h"

#include <algorithm>
#include <utility>

namespace weir::http {

ReadAhead::ReadAhead(std::uint64_t size,
                     Fetch fetch,
                     Transfers& transfers,
                     const TransferSettings& settings)
    : size_(size),
      fetch_(std::move(fetch)),
      transfers_(transfers),
      least_(settings.chunk_bytes),
      most_(settings.chunk_bytes * std::max<std::uint64_t>(1, settings.chunk_growth)),
      in_flight_(std::max<std::size_t>(1, settings.in_flight)),
      memory_(transfers.allowance()) {}

Status ReadAhead::read(std::uint64_t offset, std::uint64_t most, std::string& bytes) {
  Lock lock(mutex_);
  std::shared_ptr<Piece> piece = seek(offset);
  transfers_.await(lock, changed_, [&] { return piece->bytes.has_value(); });
  if (!*piece->bytes && piece->ahead) {  // It broke before anybody asked for it.
    drop(window_.size());
    piece = seek(offset);
    transfers_.await(lock, changed_, [&] { return piece->bytes.has_value(); });
  }
  if (!*piece->bytes) {
    drop(window_.size());
    return piece->bytes->error();
  }
  lock.unlock();
  const std::uint64_t from = offset - piece->offset;
  const std::uint64_t count = std::min(most, piece->length - from);
  bytes.append(**piece->bytes, from, count);
  if (from + count == piece->length) {
    lock.lock();
    if (!window_.empty() && window_.front() == piece) {
      drop(1);
      fill();
    }
  }
  return ok();
}

void ReadAhead::close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  drop(window_.size());
}

std::shared_ptr<ReadAhead::Piece> ReadAhead::seek(std::uint64_t offset) {
  const bool inside = !window_.empty() && offset >= window_.front()->offset && offset < end();
  if (!inside) {
    drop(window_.size());
    run_ = 0;
    const std::uint64_t length = std::min(least_, size_ - offset);
    memory_.addAnyway(length);
    begin(offset, length, false);
  }
  while (window_.front()->offset + window_.front()->length <= offset) {
    drop(1);
  }
  fill();
  return window_.front();
}

std::uint64_t ReadAhead::end() const { return window_.back()->offset + window_.back()->length; }

/// As long as what was begun before it, divided among those that are under way at once.
std::uint64_t ReadAhead::nextLength() const {
  return std::clamp<std::uint64_t>(run_ / in_flight_, least_, most_);
}

void ReadAhead::fill() {
  while (!closed_ && !window_.empty() && end() < size_ && under_way_ < in_flight_ &&
         window_.size() < 2 * in_flight_) {
    const std::uint64_t own = in_flight_ * least_;
    const std::uint64_t rest = size_ - end();
    std::uint64_t length = std::min(nextLength(), rest);
    if (!memory_.add(length, own)) {
      length = std::min(least_, rest);
      if (!memory_.add(length, own)) {
        return;
      }
    }
    begin(end(), length, true);
  }
}

void ReadAhead::begin(std::uint64_t offset, std::uint64_t length, bool ahead) {
  auto piece = std::make_shared<Piece>();
  piece->offset = offset;
  piece->length = length;
  piece->ahead = ahead;
  window_.push_back(piece);
  run_ += length;
  ++under_way_;
  transfers_.start([self = shared_from_this(), piece = std::move(piece)] {
    self->done(piece, withinMemory([&] { return self->fetch_(piece->offset, piece->length); }));
  });
}

void ReadAhead::done(const std::shared_ptr<Piece>& piece, Result<std::string> bytes) {
  const std::lock_guard lock(mutex_);
  piece->bytes = std::move(bytes);
  if (piece->kept) {
    --under_way_;
    fill();
  } else {
    memory_.remove(piece->length);
  }
  changed_.notify_all();
}

/// Pieces from the front. What is on its way holds its memory until it is there.
void ReadAhead::drop(std::size_t pieces) {
  for (; pieces > 0; --pieces) {
    Piece& piece = *window_.front();
    piece.kept = false;
    if (piece.bytes) {
      memory_.remove(piece.length);
    } else {
      --under_way_;
    }
    window_.pop_front();
  }
}

}  // namespace weir::http
