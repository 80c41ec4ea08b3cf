#include "jobmanager/ha/zookeeper/record_writer.h"

#include <memory>
#include <utility>

#include "common/base/crash_point.h"
#include "common/telemetry/log.h"

namespace weir::ha {

std::map<std::string, Error> RecordWriter::write(
    LeaderEpoch epoch, const std::map<std::string, std::string_view>& records, Nodes& nodes) {
  std::vector<std::pair<std::string, RecordNode>> named;
  std::vector<ParallelFiles::Piece> pieces;
  for (const auto& [name, record] : records) {
    const RecordNode node = files_.name(epoch, record);
    named.emplace_back(name, node);
    pieces.push_back(
        {[this, node, bytes = std::string(record)] { return files_.write(node, bytes); },
         [this, node] { static_cast<void>(files_.remove(node.file)); }});
  }
  std::map<std::string, Error> failed;
  const std::vector<Status> written = work_.run(std::move(pieces));
  for (std::size_t i = 0; i < written.size(); ++i) {
    if (written[i]) {
      nodes.insert(named[i]);
    } else {
      failed.emplace(named[i].first, written[i].error());
    }
  }
  if (!written.empty()) {
    crashPoint("zookeeper-store.file-written");
  }
  return failed;
}

Result<std::string> RecordWriter::read(const RecordNode& node) {
  // Shared with the operation, which may come back when nobody waits for it.
  auto bytes = std::make_shared<std::string>();
  const std::vector<Status> done = work_.run({{[this, node, bytes]() -> Status {
    WEIR_TRY(*bytes, files_.read(node));
    return ok();
  }}});
  return done[0] ? Result<std::string>(std::move(*bytes)) : Result<std::string>(done[0].error());
}

Result<LeaderEpoch> RecordWriter::newest() {
  auto epoch = std::make_shared<LeaderEpoch>();  // Shared likewise.
  const std::vector<Status> done = work_.run({{[this, epoch]() -> Status {
    WEIR_TRY(*epoch, files_.newest());
    return ok();
  }}});
  return done[0] ? Result<LeaderEpoch>(*epoch) : Result<LeaderEpoch>(done[0].error());
}

void RecordWriter::sweep(LeaderEpoch epoch, const std::set<std::string>& needed) {
  const std::vector<Status> swept =
      work_.run({{[this, epoch, needed] { return files_.sweep(epoch, needed); }}});
  if (!swept[0]) {
    log::warn("what an earlier leader may have left is not removed yet",
              {{"reason", swept[0].error().text()}});
  }
}

void RecordWriter::removeUnneeded() {
  std::vector<ParallelFiles::Piece> pieces;
  for (const std::string& name : std::exchange(unneeded_, {})) {
    pieces.push_back({[this, name] { return files_.remove(name); }});
  }
  const std::vector<Status> removed = work_.run(std::move(pieces));
  for (const Status& one : removed) {
    if (!one) {
      log::warn("a file of the store of jobs stays until the next leader sweeps",
                {{"reason", one.error().text()}});
    }
  }
  if (!removed.empty()) {
    crashPoint("zookeeper-store.files-removed");
  }
}

}  // namespace weir::ha
