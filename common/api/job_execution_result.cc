#include "common/api/job_execution_result.h"

namespace weir {

JobExecutionResult::JobExecutionResult(JobId job,
                                       std::int64_t runtime_millis,
                                       std::vector<functions::EncodedAccumulator> accumulators)
    : job_(job), runtime_millis_(runtime_millis), accumulators_(std::move(accumulators)) {}

const functions::EncodedAccumulator& JobExecutionResult::find(const std::string& name) const {
  for (const functions::EncodedAccumulator& one : accumulators_) {
    if (one.name == name) {
      return one;
    }
  }
  throw std::invalid_argument("the job has no accumulator '" + name + "'");
}

void JobExecutionResult::decodeInto(Accumulator& accumulator, const std::string& name) const {
  const functions::EncodedAccumulator& found = find(name);
  if (found.type != accumulator.type() || !accumulator.decode(found.bytes).has_value()) {
    throw std::invalid_argument("accumulator '" + name + "' is of type " + found.type + ", not " +
                                std::string(accumulator.type()));
  }
}

long double JobExecutionResult::number(const std::string& name) const {
  const std::string& type = find(name).type;
  if (type == functions::CounterKind<std::int32_t>::kName) {
    return getAccumulatorResult<IntCounter>(name).getLocalValue();
  }
  if (type == functions::CounterKind<double>::kName) {
    return getAccumulatorResult<DoubleCounter>(name).getLocalValue();
  }
  return getAccumulatorResult<LongCounter>(name).getLocalValue();
}

std::map<std::string, std::string> JobExecutionResult::getAllAccumulatorResults() const {
  std::map<std::string, std::string> results;
  for (const functions::EncodedAccumulator& one : accumulators_) {
    results[one.name] = functions::accumulatorJson(one);
  }
  return results;
}

}  // namespace weir
