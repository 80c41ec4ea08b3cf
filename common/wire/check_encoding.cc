#include "common/wire/check_encoding.h"

#include <limits>
#include <utility>

#include "common/base/text.h"
#include "common/wire/deployment.h"
#include "common/wire/fields.h"

namespace weir::wire {
namespace {

/// What is checked, as the deployment of all of a job to one worker.
runtime::Deployment asDeployment(const runtime::CheckRestore& check) {
  runtime::Deployment to;
  to.graph = check.graph;
  to.program = check.program;
  to.restores = check.restores;
  to.workers.emplace_back();
  for (const graph::JobVertex& vertex : check.graph->vertices) {
    to.placement.emplace_back(vertex.parallelism, 0);
  }
  return to;
}

template <typename Message>
bool parsed(Message& to, std::string_view bytes) {
  return bytes.size() <= static_cast<std::size_t>(std::numeric_limits<int>::max()) &&
         to.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
}

template <typename Message>
Status takeTask(const Message& from, OperatorId& id, std::uint32_t& subtask) {
  WEIR_TRY(id, fields::id<OperatorId>("checked operator", from.operator_id()));
  subtask = from.subtask();
  return ok();
}

Result<runtime::CheckReport> stepOf(const v1::CheckStep& from) {
  runtime::CheckStep to;
  WEIR_RETURN_IF_ERROR(takeTask(from, to.id, to.subtask));
  WEIR_TRY(to.phase,
           fields::number("phase of a check",
                          from.phase(),
                          state::CheckPhase::kConstruct,
                          state::CheckPhase::kClose));
  to.state = from.state();
  to.bytes = from.bytes_read();
  return runtime::CheckReport(std::move(to));
}

Result<runtime::CheckReport> problemOf(const v1::CheckProblem& from) {
  runtime::CheckProblem to;
  WEIR_RETURN_IF_ERROR(takeTask(from, to.id, to.subtask));
  to.state = from.state();
  if (from.key_group() > 0) {
    to.key_group = from.key_group() - 1;
  }
  to.file = from.file();
  to.what = cutText(from.what());
  to.entries = from.entries();
  to.noted = from.noted();
  return runtime::CheckReport(std::move(to));
}

Result<runtime::CheckReport> checkedOf(const v1::OperatorChecked& from) {
  WEIR_TRY(auto id, fields::id<OperatorId>("checked operator", from.operator_id()));
  return runtime::CheckReport(runtime::OperatorChecked{id, from.entries(), from.bytes()});
}

void put(const runtime::CheckProblem& problem, v1::CheckProblem& to) {
  to.set_operator_id(fields::bytesOf(problem.id));
  to.set_subtask(problem.subtask);
  to.set_state(problem.state);
  to.set_key_group(problem.key_group ? *problem.key_group + 1 : 0);
  to.set_file(problem.file);
  to.set_what(problem.what);
  to.set_entries(problem.entries);
  to.set_noted(problem.noted);
}

}  // namespace

std::string encode(const runtime::CheckRestore& check) {
  v1::WorkerOrder order;
  *order.mutable_deployment() = toProto(asDeployment(check));
  v1::CheckOrder& to = *order.mutable_deployment()->mutable_check();
  for (const OperatorId& one : check.done) {
    to.add_done(fields::bytesOf(one));
  }
  return order.SerializeAsString();
}

bool isCheck(std::string_view order) {
  v1::WorkerOrder from;
  return parsed(from, order) && from.deployment().has_check();
}

Result<runtime::CheckRestore> decodeCheck(std::string_view order) {
  v1::WorkerOrder from;
  if (!parsed(from, order) || !from.deployment().has_check()) {
    return fields::wrong("a message", "asks for no check of a program");
  }
  WEIR_TRY(runtime::Deployment deployment, fromProto(from.deployment()));
  runtime::CheckRestore to;
  WEIR_TRY(to.done,
           fields::all<OperatorId>(from.deployment().check().done(), [](const std::string& one) {
             return fields::id<OperatorId>("checked operator", one);
           }));
  to.graph = deployment.graph;
  to.program = std::move(deployment.program);
  to.restores = std::move(deployment.restores);
  return to;
}

std::string encode(const runtime::CheckReport& report) {
  v1::CheckReport to;
  std::visit(
      Overloaded{
          [&](const runtime::CheckHello& hello) {
            to.mutable_hello()->set_version(hello.version);
            to.mutable_hello()->set_checks(hello.checks);
          },
          [&](const runtime::CheckFailed& failed) { to.mutable_failed()->set_cause(failed.cause); },
          [&](const runtime::CheckStep& step) {
            v1::CheckStep& into = *to.mutable_step();
            into.set_operator_id(fields::bytesOf(step.id));
            into.set_subtask(step.subtask);
            into.set_phase(static_cast<std::uint32_t>(step.phase));
            into.set_state(step.state);
            into.set_bytes_read(step.bytes);
          },
          [&](const runtime::CheckProblem& problem) { put(problem, *to.mutable_problem()); },
          [&](const runtime::OperatorChecked& checked) {
            to.mutable_checked()->set_operator_id(fields::bytesOf(checked.id));
            to.mutable_checked()->set_entries(checked.entries);
            to.mutable_checked()->set_bytes(checked.bytes);
          },
          [&](const runtime::CheckEnded&) { to.mutable_ended(); }},
      report);
  return to.SerializeAsString();
}

Result<runtime::CheckReport> decodeCheckReport(std::string_view bytes) {
  using Report = runtime::CheckReport;
  v1::CheckReport from;
  if (!parsed(from, bytes)) {
    return fields::wrong("a message", "is no report of a program that is checked");
  }
  switch (from.report_case()) {
    case v1::CheckReport::kHello:
      return Report(runtime::CheckHello{from.hello().version(), from.hello().checks()});
    case v1::CheckReport::kFailed:
      return Report(runtime::CheckFailed{cutText(from.failed().cause())});
    case v1::CheckReport::kStep:
      return stepOf(from.step());
    case v1::CheckReport::kProblem:
      return problemOf(from.problem());
    case v1::CheckReport::kChecked:
      return checkedOf(from.checked());
    case v1::CheckReport::kEnded:
      return Report(runtime::CheckEnded{});
    default:
      return fields::wrong("a message", "is no report that this release knows");
  }
}

}  // namespace weir::wire
