#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

namespace weir::daemon {

/// Bounds of what a daemon writes for others.
struct OutputLimits {
  std::uint64_t file_bytes = std::uint64_t{64} << 20;  ///< Size at which a file is begun anew.
  std::int64_t files = 2;                              ///< Older ones that are kept.
  std::uint64_t queue_bytes = 4 << 20;                 ///< What may wait before lines are dropped.
};

/// Where what others say goes: standard output or standard error of this process.
///
/// Lines wait in a bounded queue; a thread of the sink's own writes them, so that neither a pipe
/// that nobody reads nor a slow disk holds who brings them. What finds the queue full is dropped,
/// and a line says how much. What cannot be written, because the disk is full or the reader gone,
/// is dropped as well: the line comes with the next write that works, and the log of the process
/// tells once of each such time, when it begins. Where the descriptor is a file it is renamed to
/// FILE.1 (and that to FILE.2, ...) when it is full, and begun anew under the same descriptor. A
/// line "==> LABEL <==" stands wherever the lines of another label begin, none where it is empty.
///
/// The destructor gives waiting lines a second to go. Threads: any.
class OutputSink {
 public:
  /// `descriptor` stays open and belongs to the process.
  OutputSink(int descriptor, OutputLimits limits);
  ~OutputSink();
  OutputSink(const OutputSink&) = delete;
  OutputSink& operator=(const OutputSink&) = delete;

  /// Queues `lines`, best whole ones, under that label; never waits.
  void write(const std::string& label, std::string lines);

  std::uint64_t droppedBytes() const;
  /// Of the file that is written to; empty where it is none.
  std::string path() const;

 private:
  struct Piece {
    std::string label;
    std::string lines;
  };

  void run();
  void put(const Piece& piece);
  /// How many of them could not be written.
  std::size_t putBytes(std::string_view bytes);
  void noteDropped();
  void drop(std::size_t bytes);
  void failed(int error);
  bool awaitRoom();
  void beginAnewWhenFull();
  bool begin(const std::string& path);

  const int descriptor_;
  const OutputLimits limits_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Piece> queue_;
  std::uint64_t queued_ = 0;      // Bytes.
  std::uint64_t dropped_ = 0;     // Bytes, of all times.
  std::uint64_t drop_noted_ = 0;  // Of them, those that a line has told of.
  bool closing_ = false;

  // Of the thread.
  std::string label_;      // Of the line that was written last.
  bool broken_ = false;    // The last write did not work.
  bool given_up_ = false;  // At the end: nobody takes what is left.
  bool in_line_ = false;   // What was written last is the beginning of a line.
  std::thread thread_;
};

}  // namespace weir::daemon
