#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/base/random.h"
#include "jobmanager/ha/zookeeper/election.h"
#include "jobmanager/ha/zookeeper/node_format.h"
#include "jobmanager/ha/zookeeper/record_writer.h"

namespace weir::ha {

/// The node that says who leads in which epoch, and how often that one has written: every write
/// changes it, and is refused where it is not as its leader left it.
///
/// Belongs to one thread, which waits. Errors: kFenced once another one has raised the epoch, and
/// where the session is lost before anybody knows what came of a write.
class TermKeeper {
 public:
  struct Settings {
    std::string node;           ///< The path.
    std::string holder;         ///< Who we are, for people.
    LeaderEpoch founded_after;  ///< Where the node is not there, we begin after this one.
  };

  /// All are borrowed but the settings.
  TermKeeper(Election& election, RecordWriter& files, Settings settings, Random& random);

  /// We lead in a new epoch, which is greater than any before. kFenced when we do not stand first.
  Status raise();
  LeaderEpoch epoch() const { return term_.epoch; }
  /// Does all of it or nothing, once.
  Status commit(std::vector<zookeeper::Operation> operations);
  /// What commit() has answered last was an error, and nothing of it is done, now or later.
  bool wasRefused() const { return refused_; }
  /// What a leader is told that does not lead any more.
  Status fenced(const std::string& why) const;

 private:
  Result<LeaderEpoch> found();
  Status findOut(const TermNode& wanted);

  Election& election_;
  BlockingClient& client_;
  RecordWriter& files_;
  const std::string node_;
  const std::string holder_;
  const LeaderEpoch founded_after_;
  const std::string token_;  // Of ours among all who have ever led.
  TermNode term_;
  std::int32_t version_ = 0;  // Of the node.
  bool refused_ = false;
};

}  // namespace weir::ha
