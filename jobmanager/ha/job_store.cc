#include "jobmanager/ha/job_store.h"

#include <future>
#include <memory>
#include <string>
#include <utility>

namespace weir::ha {

Result<Term> beginTerm(JobStore& store, Duration patience) {
  auto began = std::make_shared<std::promise<Result<Term>>>();  // Shared with a late answer.
  auto answer = began->get_future();
  store.beginTerm([began](Result<Term> term) { began->set_value(std::move(term)); });
  if (answer.wait_for(patience) != std::future_status::ready) {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(patience).count();
    return Error(ErrorCode::kUnavailable,
                 "the store of jobs did not answer in " + std::to_string(seconds) + " s")
        .during("become the leader");
  }
  return answer.get();
}

}  // namespace weir::ha
