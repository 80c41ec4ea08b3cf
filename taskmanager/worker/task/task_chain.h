#pragma once

#include <memory>

#include "common/base/result.h"
#include "common/program/program_graph.h"
#include "common/runtime/deployment.h"
#include "common/snapshot/section_opener.h"
#include "taskmanager/worker/operators/operator_chain.h"
#include "taskmanager/worker/task/in_flight_restore.h"
#include "taskmanager/worker/task/task_outputs.h"
#include "taskmanager/worker/task/task_services.h"

namespace weir::worker {

/// The chain of one subtask of a deployment, made and linked to `outputs`, before it is restored
/// and opened. All but `waker` outlive it.
std::unique_ptr<OperatorChain> makeChain(const runtime::Deployment& deployment,
                                         const graph::ProgramCode& code,
                                         std::uint32_t vertex,
                                         std::uint32_t subtask,
                                         TaskOutputs& outputs,
                                         std::function<void()> waker,
                                         functions::ProcessingTime& time,
                                         const TaskServices& services);

/// Gives the operators of subtask `task` the state back that the deployment has for them, and tells
/// the chain which of them had finished; before open(). Errors: kInvalidArgument where it does not
/// fit, others where it cannot be read; each names the operator.
/// What was in flight to the head goes to `in_flight`; `on_read` as that of
/// snapshot::SectionOpener.
Status restoreChain(OperatorChain& chain,
                    const runtime::Deployment& deployment,
                    std::uint32_t vertex,
                    const runtime::TaskId& task,
                    fs::FileSystem& files,
                    InFlightRestore& in_flight,
                    const snapshot::SectionOpener::OnRead& on_read = {});

}  // namespace weir::worker
