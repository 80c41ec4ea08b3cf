#include "common/functions/edge_reader.h"

namespace weir::functions {

void throwDamagedBuffer() {
  throw DecodeError(
      "a buffer from another task does not hold records of the expected type: the connection is "
      "damaged, or the serializer reads something else than it writes");
}

}  // namespace weir::functions
