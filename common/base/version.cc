#include "common/base/version.h"

namespace weir {

std::string_view releaseVersion() { return WEIR_VERSION; }

}  // namespace weir
