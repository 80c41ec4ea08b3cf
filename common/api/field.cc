#include "common/api/field.h"

namespace weir::api {

void throwNoOperator(const char* what) {
  throw std::invalid_argument(std::string(what) + "; the chosen member is none");
}

}  // namespace weir::api
