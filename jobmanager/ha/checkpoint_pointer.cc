#include "jobmanager/ha/checkpoint_pointer.h"

#include <algorithm>

namespace weir::ha {
namespace {

bool sameResults(const runtime::JobResult& left, const runtime::JobResult& right) {
  const auto same = [](const runtime::AccumulatorValue& one, const runtime::AccumulatorValue& two) {
    return one.name == two.name && one.type == two.type && one.bytes == two.bytes;
  };
  return left.state == right.state && left.runtime_millis == right.runtime_millis &&
         left.cause == right.cause &&
         std::ranges::equal(left.accumulators, right.accumulators, same);
}

}  // namespace

bool BegunSavepoint::operator==(const BegunSavepoint& other) const {
  return id == other.id && operation == other.operation && path == other.path &&
         stop == other.stop && cancel_job == other.cancel_job &&
         result.has_value() == other.result.has_value() &&
         (!result || result->path == other.result->path);
}

bool JobCheckpoints::operator==(const JobCheckpoints& other) const {
  return retained == other.retained && pinned == other.pinned && next == other.next &&
         discards == other.discards && stopped == other.stopped && begun == other.begun &&
         marks == other.marks && result.has_value() == other.result.has_value() &&
         (!result || sameResults(*result, *other.result));
}

}  // namespace weir::ha
