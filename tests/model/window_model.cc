#include "tests/model/window_model.h"

#include <algorithm>
#include <ostream>

namespace weir::model {

namespace {

std::int64_t plus(std::int64_t a, std::int64_t b) {
  const auto sum = static_cast<__int128>(a) + b;
  return sum > kEnd ? kEnd : sum < kBegin ? kBegin : static_cast<std::int64_t>(sum);
}

/// The largest number of the form offset + n * length that is not above `value`.
std::int64_t floorTo(std::int64_t value, std::int64_t length, std::int64_t offset) {
  __int128 rest = (static_cast<__int128>(value) - offset) % length;
  if (rest < 0) {
    rest += length;
  }
  return static_cast<std::int64_t>(value - rest);
}

}  // namespace

void PrintTo(const Result& result, std::ostream* to) {
  *to << "key " << result.key << " [" << result.start << ", " << result.end << "):";
  for (const std::int64_t id : result.ids) {
    *to << " " << id;
  }
}

std::string describe(const Shape& s) {
  return "kind " + std::to_string(static_cast<int>(s.kind)) + " event " +
         std::to_string(s.event_time) + " size " + std::to_string(s.size) + " slide " +
         std::to_string(s.slide) + " offset " + std::to_string(s.offset) + " lateness " +
         std::to_string(s.lateness) + " fires " + std::to_string(static_cast<int>(s.fires)) +
         " count " + std::to_string(s.count) + " interval " + std::to_string(s.interval) +
         " evicts " + std::to_string(static_cast<int>(s.evicts)) + " kept " +
         std::to_string(s.kept) + " newer " + std::to_string(s.newer);
}

std::vector<std::pair<std::int64_t, std::int64_t>> WindowModel::windowsOf(
    std::int64_t timestamp) const {
  if (shape_.kind == Shape::Kind::kGlobal) {
    return {{kBegin, kEnd}};
  }
  const std::int64_t slide = shape_.kind == Shape::Kind::kTumbling ? shape_.size : shape_.slide;
  std::vector<std::pair<std::int64_t, std::int64_t>> found;
  for (std::int64_t start = floorTo(timestamp, slide, shape_.offset);
       start > timestamp - shape_.size;
       start -= slide) {
    found.emplace_back(start, start + shape_.size);
  }
  return found;
}

std::int64_t WindowModel::lastOf(const Window& window) const {
  return shape_.kind == Shape::Kind::kGlobal ? kEnd : window.end - 1;
}

std::int64_t WindowModel::goneAt(const Window& window) const {
  return shape_.event_time ? plus(lastOf(window), shape_.lateness) : lastOf(window);
}

bool WindowModel::isGone(const Window& window) const {
  return shape_.event_time && shape_.kind != Shape::Kind::kGlobal && goneAt(window) <= now_;
}

WindowModel::Window* WindowModel::find(int key, std::int64_t start, std::int64_t end) {
  for (Window& window : windows_) {
    if (window.key == key && window.start == start && window.end == end) {
      return &window;
    }
  }
  return nullptr;
}

void WindowModel::element(const Element& one) {
  const std::int64_t timestamp = shape_.event_time ? one.timestamp : now_;
  bool taken = false;
  if (shape_.kind == Shape::Kind::kSession) {
    taken = putIntoSession(one, timestamp);
  } else {
    for (const auto& [start, end] : windowsOf(timestamp)) {
      taken |= put(one, timestamp, start, end);
    }
  }
  const bool global = shape_.kind == Shape::Kind::kGlobal;
  if (!taken && shape_.event_time && !global && plus(timestamp, shape_.lateness) <= now_) {
    dropped_.push_back(one.id);
  }
}

bool WindowModel::put(const Element& one,
                      std::int64_t timestamp,
                      std::int64_t start,
                      std::int64_t end) {
  if (isGone({one.key, start, end, {}, false, {}, 0})) {
    return false;
  }
  Window* window = find(one.key, start, end);
  if (window == nullptr) {
    windows_.push_back({one.key, start, end, {}, false, {}, 0});
    window = &windows_.back();
  }
  add(*window, one, timestamp);
  return true;
}

bool WindowModel::putIntoSession(const Element& one, std::int64_t timestamp) {
  Window session{one.key, timestamp, timestamp + shape_.size, {}, false, {}, 0};
  std::vector<Window> rest;
  std::vector<Window> met;
  for (Window& window : windows_) {
    const bool meets =
        window.key == one.key && window.start <= timestamp + shape_.size && window.end >= timestamp;
    (meets ? met : rest).push_back(window);
  }
  for (const Window& window : met) {
    session.start = std::min(session.start, window.start);
    session.end = std::max(session.end, window.end);
  }
  if (isGone(session)) {
    return false;
  }
  const bool same = met.size() == 1 && met[0].start == session.start && met[0].end == session.end;
  for (const Window& window : met) {
    session.elements.insert(session.elements.end(), window.elements.begin(), window.elements.end());
    session.counted += window.counted;
    if (window.next) {
      session.next = std::min(session.next.value_or(kEnd), *window.next);
    }
  }
  const bool by_count =
      shape_.fires == Shape::Fires::kByCount || shape_.fires == Shape::Fires::kByCountPurging;
  session.end_is_due =
      same ? met[0].end_is_due : !met.empty() && !by_count && lastOf(session) > now_;
  windows_ = rest;
  windows_.push_back(session);
  add(windows_.back(), one, timestamp);
  return true;
}

void WindowModel::add(Window& window, const Element& one, std::int64_t timestamp) {
  window.elements.push_back(one);
  using Fires = Shape::Fires;
  switch (shape_.fires) {
    case Fires::kAtEnd:
    case Fires::kAtEndPurging:
      if (shape_.event_time && lastOf(window) <= now_) {
        fire(window);
      } else {
        window.end_is_due = true;
      }
      break;
    case Fires::kByCount:
    case Fires::kByCountPurging:
      if (++window.counted >= shape_.count) {
        window.counted = 0;
        fire(window);
      }
      break;
    case Fires::kContinuously:
      if (shape_.event_time && lastOf(window) <= now_) {
        fire(window);
        break;
      }
      window.end_is_due = window.end_is_due || shape_.event_time;
      if (!window.next) {
        window.next =
            std::min(plus(floorTo(timestamp, shape_.interval, 0), shape_.interval), lastOf(window));
      }
      break;
  }
}

std::optional<std::int64_t> WindowModel::dueAt(const Window& window) const {
  std::optional<std::int64_t> due;
  const auto at = [&](std::int64_t time) { due = std::min(due.value_or(kEnd), time); };
  if (window.end_is_due) {
    at(lastOf(window));
  }
  if (window.next) {
    at(*window.next);
  }
  if (shape_.kind != Shape::Kind::kGlobal) {
    at(goneAt(window));
  }
  return due;
}

void WindowModel::advance(std::int64_t time) {
  now_ = time;
  while (true) {
    auto first = std::min_element(
        windows_.begin(), windows_.end(), [this](const Window& a, const Window& b) {
          return dueAt(a).value_or(kEnd) < dueAt(b).value_or(kEnd);
        });
    if (first == windows_.end() || !dueAt(*first) || *dueAt(*first) > now_) {
      return;
    }
    const std::int64_t due = *dueAt(*first);
    passTimer(*first, due);
    if (shape_.kind != Shape::Kind::kGlobal && goneAt(*first) == due) {
      windows_.erase(first);
    }
  }
}

void WindowModel::passTimer(Window& window, std::int64_t time) {
  if (window.end_is_due && time == lastOf(window)) {
    window.end_is_due = false;
    if (window.next == time) {
      window.next.reset();
    }
    fire(window);
  } else if (window.next == time) {
    window.next = std::min(plus(time, shape_.interval), lastOf(window));
    if (time == lastOf(window)) {
      window.next.reset();
    }
    fire(window);
  }
}

void WindowModel::fire(Window& window) {
  if (window.elements.empty()) {
    return;
  }
  std::vector<Element>& elements = window.elements;
  if (shape_.evicts == Shape::Evicts::kAllButLast) {
    while (elements.size() > static_cast<std::size_t>(shape_.kept)) {
      elements.erase(elements.begin());
    }
  } else if (shape_.evicts == Shape::Evicts::kOld) {
    std::int64_t youngest = kBegin;
    for (const Element& one : elements) {
      youngest = std::max(youngest, one.timestamp);
    }
    std::erase_if(elements,
                  [&](const Element& one) { return one.timestamp <= youngest - shape_.newer; });
  }
  Result result{window.key, window.start, window.end, {}};
  for (const Element& one : elements) {
    result.ids.push_back(one.id);
  }
  results_.push_back(result);
  const bool purges =
      shape_.fires == Shape::Fires::kAtEndPurging || shape_.fires == Shape::Fires::kByCountPurging;
  if (purges) {
    elements.clear();
  }
}

void WindowModel::restart() {
  if (shape_.event_time) {
    now_ = kBegin;
  }
}

}  // namespace weir::model
