#include "jobmanager/ha/job_store.h"

#include <future>
#include <memory>
#include <utility>

#include "common/telemetry/log.h"

namespace weir::ha {

Result<Term> beginTerm(JobStore& store, Duration patience) {
  auto began = std::make_shared<std::promise<Result<Term>>>();  // Shared with a late answer.
  auto answer = began->get_future();
  store.beginTerm([began](Result<Term> term) { began->set_value(std::move(term)); });
  while (answer.wait_for(patience) != std::future_status::ready) {
    log::info("what is stored of jobs is still being read");
  }
  return answer.get();
}

}  // namespace weir::ha
