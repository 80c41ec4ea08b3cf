#include "common/api/surroundings.h"

#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <map>
#include <optional>

#include <nlohmann/json.hpp>
#include <unistd.h>

#include "common/api/run.h"
#include "common/base/program_environment.h"
#include "common/config/job_options.h"

namespace weir::api {

namespace environment = program_environment;

namespace {

std::string_view variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string_view() : std::string_view(value);
}

std::optional<std::uint32_t> number(std::string_view text) {
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() ? std::optional(value)
                                                                  : std::nullopt;
}

Result<config::Configuration> configurationOfClient() {
  const std::string_view text = variable(environment::kJobConfiguration);
  if (text.empty()) {
    return config::Configuration();
  }
  const auto json = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) {
    return Error(ErrorCode::kInvalidArgument,
                 std::string(environment::kJobConfiguration) + " is no JSON object");
  }
  std::map<std::string, std::string> values;
  for (const auto& [key, value] : json.items()) {
    values[key] = value.is_string() ? value.get<std::string>() : value.dump();
  }
  return config::Configuration::fromMap(values);
}

Result<config::Configuration> configurationByHand() {
  const std::string directory(variable(environment::kConfigurationDirectory));
  if (directory.empty()) {
    return config::Configuration();
  }
  config::Warnings warnings;
  return config::Configuration::load(directory, {}, warnings);
}

std::uint32_t defaultParallelism(const config::Configuration& configuration) {
  return static_cast<std::uint32_t>(configuration.get(config::kParallelismDefault));
}

}  // namespace

Role modeOfProcess() {
  const std::string_view mode = variable(environment::kMode);
  return mode == environment::kGraph    ? Role::kGraph
         : mode == environment::kWorker ? Role::kWorker
                                        : Role::kLocal;
}

Result<Surroundings> readProgramSurroundings() {
  Surroundings found;
  switch (modeOfProcess()) {
    case Role::kGraph: {
      WEIR_TRY(found.configuration, configurationOfClient());
      found.parallelism = number(variable(environment::kParallelism))
                              .value_or(defaultParallelism(found.configuration));
      return found;
    }
    case Role::kWorker: {
      const runtime::Program& program = workerStart().submitted.program;
      WEIR_TRY(found.configuration, config::Configuration::fromMap(program.configuration));
      found.parallelism = program.default_parallelism;
      return found;
    }
    case Role::kLocal:
      break;
  }
  WEIR_TRY(found.configuration, configurationByHand());
  found.parallelism = defaultParallelism(found.configuration);
  return found;
}

Status writeGraphFrame(char tag, std::string_view bytes) {
  const auto descriptor = number(variable(environment::kGraphDescriptor));
  if (!descriptor.has_value()) {
    return Error(ErrorCode::kInvalidArgument,
                 std::string(environment::kGraphDescriptor) + " names no descriptor");
  }
  std::string frame(1, tag);
  frame += bytes;
  for (std::string_view rest = frame; !rest.empty();) {
    const ::ssize_t written = ::write(static_cast<int>(*descriptor), rest.data(), rest.size());
    if (written < 0 && errno != EINTR) {
      return systemError(errno, "hand the job graph to the client");
    }
    rest.remove_prefix(written < 0 ? 0 : static_cast<std::size_t>(written));
  }
  return ok();
}

}  // namespace weir::api
