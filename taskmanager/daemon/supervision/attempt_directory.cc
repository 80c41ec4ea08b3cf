#include "taskmanager/daemon/supervision/attempt_directory.h"

#include <filesystem>
#include <utility>

#include "common/telemetry/log.h"
#include "taskmanager/daemon/supervision/preparation.h"
#include "taskmanager/daemon/supervision/work_directory.h"

namespace weir::taskmanager {

namespace {

/// Elsewhere than on the strand: it may hold much, or its disk hang.
void removeDirectory(concurrency::Executor& pool, const std::string& directory) {
  pool.post([directory] {
    std::error_code error;
    std::filesystem::remove_all(directory, error);
    if (error) {
      log::warn("the directory of a worker is left",
                {{"directory", directory}, {"reason", error.message()}});
    }
  });
}

}  // namespace

AttemptDirectory::AttemptDirectory(Environment environment, std::string path)
    : environment_(environment), path_(std::move(path)), alive_(std::make_shared<char>()) {}

AttemptDirectory::~AttemptDirectory() { removeDirectory(environment_.pool, path_); }

void AttemptDirectory::prepare(Work work, Configure configure, Prepared done) {
  auto shared = std::make_shared<Work>(std::move(work));  // With the pool.
  environment_.pool.post([shared,
                          configure = std::move(configure),
                          done = std::move(done),
                          alive = std::weak_ptr<char>(alive_),
                          environment = environment_,
                          path = path_] {
    if (configure) {
      std::visit([&](auto& one) { configure(one.configuration); }, *shared);
    }
    auto spec = std::make_shared<Result<LaunchSpec>>(
        prepareAttempt(path, environment.cache, environment.transport, *shared));
    environment.loop.post([done, alive, spec, shared, environment, path] {
      if (alive.expired()) {
        removeDirectory(environment.pool, path);
      } else {
        done(std::move(*spec), std::move(*shared));
      }
    });
  });
}

std::string AttemptDirectory::keptPath(const runtime::ExecutionId& execution) const {
  const std::filesystem::path tmp = std::filesystem::path(path_).parent_path().parent_path();
  return tmp / keptName(execution);
}

void AttemptDirectory::keep(const runtime::ExecutionId& execution, std::size_t most) {
  keepDirectory(path_, keptPath(execution), most);
}

}  // namespace weir::taskmanager
