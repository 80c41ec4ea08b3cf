#pragma once

#include <cstdint>
#include <iosfwd>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

/// What windows are to do, said as plainly as it can be.
namespace weir::model {

inline constexpr std::int64_t kBegin = std::numeric_limits<std::int64_t>::min();
inline constexpr std::int64_t kEnd = std::numeric_limits<std::int64_t>::max();

/// A record; `id` tells it from every other one.
struct Element {
  int key = 0;
  std::int64_t timestamp = 0;
  std::int64_t id = 0;
};

/// What a window gave when it fired: its elements in the order they came.
struct Result {
  int key = 0;
  std::int64_t start = 0;
  std::int64_t end = 0;
  std::vector<std::int64_t> ids;
  auto operator<=>(const Result&) const = default;
};
/// For tests that fail.
void PrintTo(const Result& result, std::ostream* to);

/// How the stream is cut, and when windows fire.
struct Shape {
  enum class Kind { kTumbling, kSliding, kSession, kGlobal };
  enum class Fires { kAtEnd, kAtEndPurging, kByCount, kByCountPurging, kContinuously };
  enum class Evicts { kNothing, kAllButLast, kOld };

  Kind kind = Kind::kTumbling;
  bool event_time = true;
  std::int64_t size = 10;  ///< Of a session: the gap.
  std::int64_t slide = 10;
  std::int64_t offset = 0;
  std::int64_t lateness = 0;
  Fires fires = Fires::kAtEnd;
  std::int64_t count = 3;      ///< Of kByCount.
  std::int64_t interval = 10;  ///< Of kContinuously.
  Evicts evicts = Evicts::kNothing;
  std::int64_t kept = 2;    ///< Of kAllButLast.
  std::int64_t newer = 10;  ///< Of kOld: those older than the youngest by it go.
};
std::string describe(const Shape& shape);

/// Runs one stream. Time is the watermark, or the clock where windows go by that.
class WindowModel {
 public:
  explicit WindowModel(Shape shape) : shape_(shape) {}

  void element(const Element& one);
  /// Time passes, up to and with `time`; never back, but by restart().
  void advance(std::int64_t time);
  /// The job is restored from a snapshot of this instant: watermarks begin anew.
  void restart();

  /// What fired, and the records that were dropped as late, since the last call.
  std::vector<Result> takeResults() { return std::exchange(results_, {}); }
  std::vector<std::int64_t> takeDropped() { return std::exchange(dropped_, {}); }

 private:
  struct Window {
    int key = 0;
    std::int64_t start = 0;
    std::int64_t end = 0;
    std::vector<Element> elements;
    bool end_is_due = false;
    std::optional<std::int64_t> next;  // When it fires next, continuously.
    std::int64_t counted = 0;
  };

  std::vector<std::pair<std::int64_t, std::int64_t>> windowsOf(std::int64_t timestamp) const;
  std::int64_t lastOf(const Window& window) const;
  std::int64_t goneAt(const Window& window) const;
  bool isGone(const Window& window) const;
  Window* find(int key, std::int64_t start, std::int64_t end);
  bool put(const Element& one, std::int64_t timestamp, std::int64_t start, std::int64_t end);
  bool putIntoSession(const Element& one, std::int64_t timestamp);
  void add(Window& window, const Element& one, std::int64_t timestamp);
  std::optional<std::int64_t> dueAt(const Window& window) const;
  void passTimer(Window& window, std::int64_t time);
  void fire(Window& window);

  Shape shape_;
  std::int64_t now_ = kBegin;  // The watermark, or the clock.
  std::vector<Window> windows_;
  std::vector<Result> results_;
  std::vector<std::int64_t> dropped_;
};

}  // namespace weir::model
