#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "common/connector/part_writer.h"
#include "common/functions/two_phase_commit_sink.h"

namespace weir {

/// Writes records as rows of files below a directory, each exactly once: files that others see are
/// whole, never change, and are named `<bucket>/part-<job>-<attempt>-<subtask>-<n>`.
///
///     stream.addSink(weir::FileSink<Trade>::text("/data/trades")
///                        .withBuckets([](const Trade& t) { return t.symbol; })
///                        .withRolling({.most_bytes = 64 << 20}));
///
/// A file ends at every checkpoint, and earlier when its RollingPolicy says so. Until the
/// checkpoint has completed it lies in the hidden directory `.in-progress-<job>` beside them; that
/// is gone when the job is FINISHED. A job without checkpoints shows its files at its end. Restored
/// from a snapshot of any job and at any parallelism, the sink commits what that knows, and goes on
/// with files of its own: what is there stays, as no name is used twice. Of a job that was
/// cancelled or failed, what no completed checkpoint knows stays in the hidden directory.
///
/// All workers must see the same directory, of any file system: a relative path is refused
/// when the job is submitted. Errors: exceptions naming the path; a bucket that is no path below
/// the directory fails the job.
template <typename T>
class FileSink : public TwoPhaseCommitSink<T, PartFiles> {
 public:
  /// Appends a record's row, with its end of line, to a text.
  using Encoder = std::function<void(const T&, std::string&)>;
  /// Which directory below the sink's a record goes to: "2026-11-27/eu"; empty: the sink's own.
  using Buckets = std::function<std::string(const T&)>;

  FileSink(std::string path, Encoder encoder)
      : path_(std::move(path)), encoder_(std::move(encoder)) {}
  /// Rows as print() writes records.
  static FileSink text(std::string path);
  /// Rows as writeAsCsv() writes records.
  static FileSink csv(std::string path);

  FileSink& withBuckets(Buckets buckets) {
    buckets_ = std::move(buckets);
    return *this;
  }
  FileSink& withRolling(RollingPolicy policy) {
    policy_ = policy;
    return *this;
  }

  const std::string& outputPath() const { return path_; }

  void open(RuntimeContext& context) override {
    writer_ = std::make_shared<connector::PartWriter>(path_, context.task(), policy_);
  }
  PartFiles begin() override { return writer_->begin(); }
  void invoke(PartFiles& transaction, const T& value) override {
    row_.clear();
    encoder_(value, row_);
    writer_->write(transaction, buckets_ ? buckets_(value) : std::string(), row_);
  }
  void preCommit(PartFiles& transaction) override { writer_->prepare(transaction); }
  void commit(const PartFiles& transaction) override { writer_->commit(transaction); }
  void abort(const PartFiles& transaction) override { writer_->abort(transaction); }

  void notifyCheckpointComplete(std::uint64_t checkpoint_id) override {
    TwoPhaseCommitSink<T, PartFiles>::notifyCheckpointComplete(checkpoint_id);
    removeLeft();  // By now all subtasks have committed what they were restored with.
  }
  void notifyFinished() override {
    TwoPhaseCommitSink<T, PartFiles>::notifyFinished();
    removeLeft();
  }

 private:
  void removeLeft() {
    if (writer_ != nullptr && !std::exchange(tidied_, true)) {
      writer_->removeLeft();
    }
  }

  std::string path_;
  Encoder encoder_;
  Buckets buckets_;
  RollingPolicy policy_;
  // Made by open(), so that copies of the function for other subtasks never share one.
  std::shared_ptr<connector::PartWriter> writer_;
  bool tidied_ = false;
  std::string row_;  // Reused.
};

}  // namespace weir
