#include "common/client/json_text.h"

#include <nlohmann/json.hpp>

namespace weir::client {

std::string jsonText(const nlohmann::json& document) {
  return document.dump(2, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace weir::client
