#pragma once

#include <stdexcept>
#include <string>
#include <vector>

#include "common/testing/job.h"

namespace weir::testing {

/// What a program does not take back of a savepoint. what() lists each item on a line of its own.
class NotRestorable : public std::runtime_error {
 public:
  NotRestorable(const std::string& path, std::vector<std::string> items);
  const std::vector<std::string>& items() const { return items_; }

 private:
  std::vector<std::string> items_;
};

/// `weir savepoint check` as an assertion, for a test that keeps a savepoint of production among
/// its files: throws NotRestorable unless the program can take all of its state back.
///
/// Operators are matched, their schemas compared, and every entry is read as the program's types,
/// at the parallelism that is given, or that the savepoint was taken at. Functions are made, and
/// their restoreState() is called; nothing is run. Throws what `program` throws, and
/// JobExecutionException for a graph that is wrong.
void expectRestorable(const std::string& path,
                      const Program& program,
                      const RestoreOptions& options = {},
                      int parallelism = 0);

}  // namespace weir::testing
