#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/api/program.h"
#include "common/base/result.h"
#include "common/config/configuration.h"

/// What the environment of the process says. Weir sets these variables, users do not.
namespace weir::api {

/// From WEIR_MODE: "graph", "worker", else by hand.
Role modeOfProcess();

/// What a program finds: the job's configuration and the parallelism of those who name none.
struct Surroundings {
  config::Configuration configuration;
  std::uint32_t parallelism = 1;
};
/// Graph mode: WEIR_JOB_CONFIG and WEIR_PARALLELISM. Worker: the deployment. By hand:
/// $WEIR_CONF_DIR. Errors: kInvalidArgument, kNotFound for a configuration that does not load.
Result<Surroundings> readProgramSurroundings();

/// Writes one frame to the descriptor that WEIR_GRAPH_FD names.
Status writeGraphFrame(char tag, std::string_view bytes);

}  // namespace weir::api
