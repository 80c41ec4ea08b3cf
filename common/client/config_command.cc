#include <optional>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "common/base/nearest.h"
#include "common/base/utf8.h"
#include "common/client/command_table.h"
#include "common/client/json_text.h"
#include "common/config/file_system_options.h"
#include "common/config/options.h"
#include "common/config/reference.h"
#include "common/config/resolve.h"

namespace weir::client {

namespace {

constexpr std::size_t kConfigWidth = 76;  // Indented by four in a terminal of 80 columns.

/// Lines behind the first, which scripts read, within a terminal's 80 columns.
std::string inLines(const std::string& text) {
  std::string lines;
  std::size_t from = 0;
  while (from < text.size()) {
    const std::size_t end = std::min(text.find('\n', from), text.size());
    const std::string line = text.substr(from, end - from);
    const std::string margin = from == 0 ? "" : "    ";
    std::string rest = from == 0 ? line : wrapped(line, kConfigWidth);
    for (const char c : rest) {
      lines += c;
      lines += c == '\n' ? margin : "";
    }
    lines += end < text.size() ? "\n" : "";
    from = end + 1;
  }
  return lines;
}

std::string schemesText() {
  std::string text = "\n# File systems of this build\n#";
  for (const std::string_view scheme : config::kSchemes) {
    text += " " + std::string(scheme) + ":";
  }
  return text + "\n";
}

int showConfiguration(const Invocation& invocation, const std::string& key) {
  Console& console = invocation.console;
  if (key.empty()) {
    console.result(config::renderText(invocation.configuration) + schemesText());
    nlohmann::json document = nlohmann::json::parse(config::renderJson(invocation.configuration));
    document["schemes"] = config::kSchemes;
    console.document(jsonText(document));
    return kDone;
  }
  const config::OptionInfo* option = config::findOption(key);
  if (option == nullptr) {
    if (const std::string_view reason = config::whyIgnored(key); !reason.empty()) {
      return console.failure(
          "config " + key,
          Error(ErrorCode::kNotFound, "has no effect here: " + std::string(reason)));
    }
    return console.failure(
        "config " + key,
        Error(ErrorCode::kNotFound, "there is no such key")
            .advise(similar(key, {"check"}).empty() ? config::adviceForUnknownKey(key)
                                                    : "did you mean 'check'?"));
  }
  if (option == &config::kSavepointBackend) {
    config::Warnings warnings;  // Where the value in force is not the one that was set.
    (void)config::resolveSavepointStorage(invocation.configuration, warnings);
    for (const std::string& warning : warnings) {
      console.note("warning: " + warning);
    }
  }
  const auto description = invocation.configuration.describe(*option);
  console.result(inLines(config::renderText(description)));
  console.document(config::renderJson(description));
  return kDone;
}

/// What the daemons look at beyond single values: keys that need one another.
void checkTogether(const config::Configuration& configuration,
                   config::Warnings& warnings,
                   std::vector<Error>& problems) {
  for (const Status& status :
       {config::checkJobManager(configuration), config::checkTaskManager(configuration)}) {
    if (!status) {
      problems.push_back(status.error());
    }
  }
  if (problems.empty()) {
    (void)config::resolveSavepointStorage(configuration, warnings);
  }
}

int checkConfiguration(Console& console, const std::string& file) {
  config::Warnings warnings;
  std::vector<Error> problems;
  const auto configuration = config::Configuration::check(file, {}, warnings, problems);
  if (problems.empty()) {
    checkTogether(configuration, warnings, problems);
  }
  for (const std::string& warning : warnings) {
    console.note("warning: " + escaped(warning));
  }
  nlohmann::json document = {{"file", file}, {"problems", nlohmann::json::array()}};
  for (const Error& problem : problems) {
    document["problems"].push_back(problem.text());
  }
  document["warnings"] = warnings;
  if (!problems.empty()) {
    std::string list;
    for (const Error& problem : problems) {
      list += "\n" + escaped(problem.text());
    }
    return console.failure("config check " + file,
                           Error(ErrorCode::kInvalidArgument,
                                 fmt::format("{} problem(s) found", problems.size()) + list)
                               .advise("correct them and check again"),
                           jsonText(document));
  }
  console.result(fmt::format("{}: in order.", escaped(file)));
  console.document(jsonText(document));
  return kDone;
}

int configurationGiven(const Invocation& invocation, const Given& given) {
  return showConfiguration(invocation, given.word(0));
}

int configurationFileGiven(const Invocation& invocation, const Given& given) {
  if (!given.words.empty()) {
    return checkConfiguration(invocation.console, given.words[0]);
  }
  const auto directory = config::findConfigDirectory("");
  if (!directory) {
    return invocation.console.failure("config check", directory.error());
  }
  return checkConfiguration(invocation.console, *directory);
}

}  // namespace

Command configCommand() {
  return {.name = "config",
          .meaning = "Shows every option and its value; checks a file",
          .usage = {"[OPTIONS] [KEY]"},
          .help =
              "Examples:\n"
              "  weir config savepoints.state.backend\n"
              "  weir config check conf/flink-conf.yaml",
          .most_words = 1,
          .run = configurationGiven};
}

Command configCheckCommand() {
  return {.name = "config check",
          .meaning = "Checks a file, or all that is configured here",
          .usage = {"[OPTIONS] [FILE]"},
          .help = "Example:\n  weir config check conf/flink-conf.yaml",
          .most_words = 1,
          .configured = false,
          .run = configurationFileGiven};
}

}  // namespace weir::client
