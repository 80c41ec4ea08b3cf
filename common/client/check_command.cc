#include <algorithm>
#include <optional>
#include <set>
#include <tuple>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "common/base/utf8.h"
#include "common/client/check_findings.h"
#include "common/client/check_sandbox.h"
#include "common/client/command_table.h"
#include "common/client/json_text.h"
#include "common/client/prepared_program.h"
#include "common/client/program.h"
#include "common/client/restore_options.h"
#include "common/client/sandbox_directory.h"
#include "common/client/staged_state.h"
#include "common/config/command_options.h"
#include "common/config/limit_options.h"
#include "common/config/options.h"
#include "common/config/value.h"
#include "common/remote/remote_file_systems.h"
#include "common/snapshot/layout.h"
#include "common/snapshot/savepoints.h"
#include "common/snapshot/section_opener.h"
#include "common/snapshot/state_files.h"

namespace weir::client {
namespace {

using state::CheckPhase;

std::string_view inPhase(CheckPhase phase) {
  switch (phase) {
    case CheckPhase::kConstruct:
      return "while its function was made";
    case CheckPhase::kRestoreState:
      return "in restoreState()";
    case CheckPhase::kOpen:
      return "in open(), where it is asked for state that it declares late";
    case CheckPhase::kRead:
      return "while its state was read";
    case CheckPhase::kClose:
      return "in close()";
  }
  return "";
}

/// One check of a savepoint against a program.
class Check {
 public:
  Check(const Invocation& invocation,
        const ProgramCall& call,
        const runtime::CheckpointMetadata& metadata,
        const graph::SharedGraph& graph,
        const SandboxBounds& bounds,
        std::string directory)
      : invocation_(invocation),
        call_(call),
        metadata_(metadata),
        bounds_(bounds),
        directory_(std::move(directory)),
        findings_(metadata, graph),
        bytes_(std::max<std::uint64_t>(metadata.bytes(), 1)) {
    order_.graph = graph;
    order_.program.arguments = call.arguments;
    order_.program.default_parallelism = call.parallelism;
    order_.program.configuration = call.configuration;
  }

  Status run(const runtime::RestoreRequest& request) {
    snapshot::StateMatch match = snapshot::compareState(metadata_, order_.graph, request);
    for (const snapshot::MatchProblem& problem : match.problems) {
      findings_.add(problem);
    }
    report_ = std::move(match.plan.report);
    if (!match.problems.empty()) {
      advice_ = std::move(match.advice);
    }
    order_.restores = std::move(match.plan.restores);
    fs::FileSystems files = remote::fileSystems(invocation_.configuration);
    WEIR_RETURN_IF_ERROR(readRest(files));
    if (!order_.restores.tasks.empty()) {
      WEIR_RETURN_IF_ERROR(staged_.stage(order_.restores, files, interrupted));
      WEIR_RETURN_IF_ERROR(askProgram());
    }
    adviseOnDamage(files);
    return ok();
  }

  const CheckFindings& findings() const { return findings_; }
  const runtime::RestoreReport& report() const { return report_; }
  const std::string& advice() const { return advice_; }

 private:
  /// Where a section lies: file and offset, or all of its bytes.
  using Place = std::tuple<std::string, std::uint64_t, std::string>;
  static Place placeOf(const runtime::SectionHandle& handle) {
    return {handle.location, handle.offset, handle.bytes};
  }

  /// What the program does not look at is read here, so that nothing that is damaged goes unseen.
  Status readRest(fs::FileSystem& files) {
    std::set<Place> asked;
    for (const runtime::TaskRestore& task : order_.restores.tasks) {
      for (const runtime::OperatorRestoreOrder& one : task.operators) {
        const auto now =
            std::ranges::find(order_.graph->operators, one.id, &graph::JobOperator::id);
        if (runtime::isChecked(*now) && one.dropped.empty()) {
          for (const runtime::RestoreSection& section : order_.restores.sectionsOf(one)) {
            asked.insert(placeOf(section.handle));
          }
        }
      }
    }
    snapshot::SectionOpener opener(files);
    for (const runtime::SavedOperator& old : metadata_.operators) {
      for (const runtime::SubtaskState& part : old.subtasks) {
        const runtime::SectionHandle handle = snapshot::resolve(metadata_, part.handle);
        if (interrupted.load()) {
          return Error(ErrorCode::kCancelled, "interrupted before everything was looked at");
        }
        if (handle.storage != runtime::SectionHandle::Storage::kNone &&
            !asked.contains(placeOf(handle))) {
          verify(opener, old.id, part.subtask, handle);
        }
      }
    }
    return ok();
  }

  /// What is not as it was written fits no program.
  void adviseOnDamage(fs::FileSystem& files) {
    const std::set<std::string> suspects = findings_.files();
    snapshot::SectionOpener opener(files);
    for (const runtime::SavedOperator& old : metadata_.operators) {
      for (const runtime::SubtaskState& part : old.subtasks) {
        const runtime::SectionHandle handle = snapshot::resolve(metadata_, part.handle);
        if (!suspects.contains(handle.location)) {
          continue;
        }
        if (const auto section = opener.open(handle); !section || !(*section)->verify()) {
          advice_ =
              "restore from another savepoint; 'weir savepoint verify' lists all that is damaged";
          return;
        }
      }
    }
  }

  void verify(snapshot::SectionOpener& opener,
              OperatorId id,
              std::uint32_t subtask,
              const runtime::SectionHandle& handle) {
    const auto section = opener.open(handle);
    const Status read = section ? (*section)->verify() : Status(section.error());
    if (!read) {
      findings_.add(runtime::CheckProblem{
          id, subtask, {}, {}, handle.location, read.error().text(), 0, false});
    }
  }

  /// Starts the program again behind each operator that it does not survive.
  Status askProgram() {
    const SandboxListener listener{
        [this](const runtime::CheckReport& report) { hear(report); },
        [this](const std::string& line) { invocation_.console.note(escaped(line)); }};
    for (;;) {
      at_.reset();
      WEIR_TRY(const SandboxEnd end,
               runSandbox(call_, order_, bounds_, directory_, listener, interrupted));
      if (end.finished) {
        return ok();
      }
      if (!at_) {
        return Error(ErrorCode::kUserCode,
                     escaped(call_.path) + ": the program " + end.cause +
                         " in the process that it is checked in, outside of operators; what it "
                         "has no need of there, such as the network, it does not have" +
                         quoted(end));
      }
      findings_.add(runtime::CheckProblem{
          at_->id,
          at_->subtask,
          at_->state,
          {},
          {},
          fmt::format("the program {} {}{}", end.cause, inPhase(at_->phase), quoted(end)),
          0,
          false});
      order_.done.push_back(at_->id);
      before_ += read_;
      read_ = 0;
    }
  }

  static std::string quoted(const SandboxEnd& end) {
    std::string lines = end.lines.empty() ? "" : "; it wrote last:";
    for (const std::string& line : end.lines) {
      lines += "\n    " + line;
    }
    return lines;
  }

  void hear(const runtime::CheckReport& report) {
    if (const auto* step = std::get_if<runtime::CheckStep>(&report)) {
      at_ = *step;
      read_ = step->bytes;
      invocation_.console.progress(
          fmt::format("Checking: {} of {} read ({} %)",
                      humanBytes(before_ + read_),
                      humanBytes(bytes_),
                      std::min<std::uint64_t>(100, (before_ + read_) * 100 / bytes_)));
    } else if (const auto* problem = std::get_if<runtime::CheckProblem>(&report)) {
      runtime::CheckProblem told = *problem;
      told.file = staged_.original(told.file);
      told.what = staged_.original(told.what);
      findings_.add(told);
    } else if (const auto* checked = std::get_if<runtime::OperatorChecked>(&report)) {
      findings_.add(*checked);
      order_.done.push_back(checked->id);
      at_.reset();
    }
  }

  const Invocation& invocation_;
  const ProgramCall& call_;
  const runtime::CheckpointMetadata& metadata_;
  const SandboxBounds bounds_;
  const std::string directory_;  // Where the program runs.
  runtime::CheckRestore order_;
  StagedState staged_;
  CheckFindings findings_;
  runtime::RestoreReport report_;
  std::string advice_ = "change the program, or leave state out with --drop UID or UID/STATE";
  std::optional<runtime::CheckStep> at_;  // What the program is about.
  const std::uint64_t bytes_;             // Of the savepoint.
  std::uint64_t before_ = 0;              // That earlier processes have read.
  std::uint64_t read_ = 0;                // That this one has.
};

std::string doesNotFit(const RunOptions& options, const CheckFindings& findings) {
  const std::size_t count = findings.problems();
  std::string text = fmt::format("does not fit {}: {} {}",
                                 escaped(options.program),
                                 count,
                                 count == 1 ? "problem" : "problems");
  for (const std::string& line : findings.problemLines()) {
    text += "\n  " + line;
  }
  return text;
}

nlohmann::json documentOf(const RunOptions& options, const Check& check, std::int64_t millis) {
  nlohmann::json document = check.findings().document();
  document.update({{"path", savepointPath(options.savepoint)},
                   {"program", options.program},
                   {"restored", check.report().matched},
                   {"empty", check.report().empty},
                   {"dropped", check.report().dropped},
                   {"millis", millis}});
  return document;
}

int tell(const Invocation& invocation,
         const RunOptions& options,
         const Check& check,
         std::int64_t millis) {
  Console& console = invocation.console;
  const CheckFindings& findings = check.findings();
  if (findings.problems() == 0) {  // Else it would tell of what is not so.
    printRestore(console, check.report());
  }
  if (const auto lines = findings.noteLines(); !lines.empty()) {
    console.note("Left out:");
    for (const std::string& line : lines) {
      console.note("  " + line);
    }
  }
  const std::string document = jsonText(documentOf(options, check, millis));
  if (findings.problems() > 0) {
    return console.failure(
        "check " + options.savepoint,
        Error(ErrorCode::kFailedPrecondition, doesNotFit(options, findings)).advise(check.advice()),
        document);
  }
  console.document(document);
  console.result(
      fmt::format("Savepoint '{}' fits {}.", escaped(options.savepoint), escaped(options.program)));
  console.note(fmt::format("Operators with state: {}; entries: {}; read: {} in {} ms.",
                           findings.operators(),
                           findings.entries(),
                           humanBytes(findings.bytes()),
                           millis));
  return kDone;
}

/// Where the program finds what would be shipped to workers; null when nothing would be.
Result<std::optional<SandboxDirectory>> workingDirectory(const RunOptions& options) {
  if (options.ship.empty()) {
    return std::optional<SandboxDirectory>();
  }
  WEIR_TRY(const std::vector<ShippedFile> files, shippedFiles(options.ship));
  WEIR_TRY(SandboxDirectory directory, SandboxDirectory::make(files));
  return std::optional<SandboxDirectory>(std::move(directory));
}

int checkSavepoint(const Invocation& invocation, const RunOptions& options, Duration silence) {
  Console& console = invocation.console;
  const std::string what = "check " + options.savepoint;
  const auto request = restoreRequest(options);
  if (!request) {
    console.failure(what, request.error());
    return kUsage;
  }
  if (snapshot::isHeapSavepoint(options.savepoint)) {
    return console.failure(
        what,
        Error(ErrorCode::kInvalidArgument, "the savepoint lies in the memory of a job manager")
            .advise("take one into a directory with 'weir savepoint JOB DIR'"));
  }
  const auto started = SystemClock().now();
  fs::FileSystems files = remote::fileSystems(invocation.configuration);
  const auto most = invocation.configuration.get(config::kMaxMetadataSize);
  const auto opened = snapshot::openWhole(files, request->path, most.bytes);
  if (!opened) {
    return console.failure(what, opened.error());
  }
  if (const Status fit = checkProgram(options.program); !fit) {
    return console.failure(what, fit.error());
  }
  const ProgramCall call = programCall(invocation, options, true);
  auto graph = obtainJobGraph(call, interrupted);
  if (!graph) {
    return console.failure(what, graph.error());
  }
  auto directory = workingDirectory(options);
  if (!directory) {
    return console.failure(what, directory.error());
  }
  const SandboxBounds bounds{silence, invocation.configuration.get(config::kCheckMemory).bytes};
  Check check(invocation,
              call,
              opened->metadata,
              *std::move(graph),
              bounds,
              *directory ? (*directory)->path() : std::string());
  if (const Status ran = check.run(*request); !ran) {
    return console.failure(what, ran.error());
  }
  const auto took = SystemClock().now() - started;
  return tell(invocation,
              options,
              check,
              std::chrono::duration_cast<std::chrono::milliseconds>(took).count());
}

int checkGiven(const Invocation& invocation, const Given& given) {
  Given program = given;
  program.words.erase(program.words.begin());
  auto options = runOptions(program);
  if (!options) {
    return wrongUse(invocation.console, "savepoint check", options.error().text());
  }
  options->savepoint = given.word(0);
  takeMatchOptions(given, *options);
  options->ship = given.values("--ship");
  Duration silence = invocation.configuration.get(config::kCheckTimeout);
  if (given.has("--timeout")) {
    const auto asked = config::parseDuration(given.value("--timeout"));
    if (!asked || *asked < std::chrono::milliseconds(1)) {
      return wrongUse(
          invocation.console,
          "savepoint check",
          "--timeout takes a time such as '30 s', not '" + given.value("--timeout") + "'");
    }
    silence = *asked;
  }
  return checkSavepoint(invocation, *options, silence);
}

}  // namespace

Command checkCommand() {
  std::vector<CommandOption> options = {
      {"-p,--parallelism", "Parallelism of what names none itself", "N"}};
  for (CommandOption& one : matchOptions()) {
    options.push_back(std::move(one));
  }
  options.push_back({"--ship", "Puts a file into the program's working directory", "FILE", true});
  options.push_back({"--timeout",
                     "How long the program may be busy with one thing; without it "
                     "client.check.timeout",
                     "TIME"});
  return {.name = "savepoint check",
          .meaning = "Says whether a program can take a savepoint back",
          .usage = {"[OPTIONS] PATH PROGRAM [args...]"},
          .help =
              "Nothing runs: the program builds its graph, its functions are made and get\n"
              "their state, entry by entry, in a process of its own without a network;\n"
              "restoreState() is called, and open() where it has to be asked for state.\n"
              "Everything that does not fit is listed; exit status 0 when nothing is.\n"
              "Needs no cluster, and touches no job.\n"
              "Examples:\n"
              "  weir savepoint check /savepoints/savepoint-0123456789ab build/my_job\n"
              "  weir savepoint check -p 8 --drop old-uid PATH build/my_job --rate 1000",
          .options = std::move(options),
          .needs = {"the PATH of a savepoint", "the PROGRAM to check it against"},
          .most_words = kAnyNumber,
          .program_at = 1,
          .asks_job_manager = false,
          .run = checkGiven};
}

}  // namespace weir::client
