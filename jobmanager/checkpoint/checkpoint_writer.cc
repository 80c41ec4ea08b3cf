#include "jobmanager/checkpoint/checkpoint_writer.h"

#include <optional>
#include <utility>

#include "common/base/crash_point.h"
#include "common/snapshot/layout.h"
#include "common/snapshot/metadata_file.h"
#include "common/snapshot/state_files.h"
#include "common/snapshot/use_marks.h"

namespace weir::jobmanager {

CheckpointWriter::CheckpointWriter(fs::FileSystem& file_system,
                                   FileWork& files,
                                   StoredCheckpoints& stored,
                                   Setup setup,
                                   Outcome outcome)
    : file_system_(file_system),
      files_(files),
      pointers_(stored),
      setup_(std::move(setup)),
      outcome_(std::move(outcome)) {}

void CheckpointWriter::write(std::shared_ptr<PendingCheckpoint> pending,
                             runtime::CheckpointMetadata metadata) {
  savepoints_ += pending->kind == SnapshotKind::kSavepoint ? 1 : 0;
  files_.hold();  // Until it ended.
  if (setup_.directory.empty()) {
    keepSavepoint(std::move(pending), std::move(metadata));
    return;
  }
  metadata.data_directory = snapshot::checkpointDirectory(setup_.directory, pending->id);
  snapshot::makeRelative(metadata);
  files_.run(
      [&files = file_system_, metadata, mark = !marked_, setup = setup_]() -> Status {
        if (mark) {  // First, so that no other cluster finds a checkpoint without.
          WEIR_RETURN_IF_ERROR(
              snapshot::writeMark(files, setup.directory, metadata.job, setup.holder));
          crashPoint("snapshot.marked");
        }
        WEIR_RETURN_IF_ERROR(snapshot::writeMetadata(
            files, metadata.data_directory, metadata, setup.metadata_limit));
        crashPoint("snapshot.metadata");
        return ok();
      },
      [this, pending, metadata](const Status& written) mutable {
        marked_ = marked_ || written.has_value();
        if (written) {
          keepSavepoint(std::move(pending), std::move(metadata));
        } else {
          failed(*pending, written.error());
        }
      });
}

void CheckpointWriter::keepSavepoint(std::shared_ptr<PendingCheckpoint> pending,
                                     runtime::CheckpointMetadata metadata) {
  std::string directory = metadata.data_directory;
  if (pending->kind != SnapshotKind::kSavepoint) {
    enqueue({std::move(pending), {std::move(metadata), std::move(directory)}, {}});
    return;
  }
  auto keep = pending->savepoint.keep;
  keep(metadata, [this, pending, metadata, directory](Result<KeptSavepoint> kept) mutable {
    if (kept) {
      kept->result.checkpoint = pending->id;
      kept->result.bytes = pending->bytes;
      enqueue({pending, {std::move(metadata), std::move(directory)}, *std::move(kept)});
    } else {
      failed(*pending, kept.error());
    }
  });
}

void CheckpointWriter::enqueue(WrittenCheckpoint written) {
  written_.push_back(std::move(written));
  const WrittenCheckpoint& news = written_.back();
  const bool pinned = news.pending->kind == SnapshotKind::kSavepoint && news.kept.shares_data;
  if (pinned && snapshot::isHeapSavepoint(news.kept.result.path)) {
    pointers_.heldOnHeap(news.pending->id);
  }
  StoredCheckpoints::News stored{&news.completed, pinned};
  if (news.pending->kind == SnapshotKind::kSavepoint) {
    stored.result = news.kept.result;
  }
  if (news.pending->savepoint.stops()) {
    stored.stopped = ha::StoppedJob{news.pending->savepoint.operation, news.kept.result};
  }
  pointers_.write(std::move(stored), [this](const Status& answer) { pointed(answer); });
}

void CheckpointWriter::pointed(const Status& answer) {
  crashPoint("snapshot.pointer");
  WrittenCheckpoint& written = written_.front();
  if (!answer && written.pending->kind != SnapshotKind::kSavepoint) {
    failed(*written.pending, answer.error());
  } else {
    stored(written, answer.has_value());
  }
  written_.pop_front();
}

void CheckpointWriter::stored(WrittenCheckpoint& written, bool pointed) {
  savepoints_ -= written.pending->kind == SnapshotKind::kSavepoint ? 1 : 0;
  outcome_.stored(written, pointed);
  files_.release();
}

void CheckpointWriter::failed(PendingCheckpoint& pending, const Error& why) {
  savepoints_ -= pending.kind == SnapshotKind::kSavepoint ? 1 : 0;
  outcome_.failed(pending, why);
  files_.release();
}

}  // namespace weir::jobmanager
