#include "common/base/indented.h"

namespace weir {

std::string indented(std::string_view text) {
  std::string lines;
  for (std::size_t i = 0; i < text.size(); ++i) {
    lines += text[i];
    if (text[i] == '\n' && i + 1 < text.size() && text[i + 1] != ' ') {
      lines += "  ";
    }
  }
  return lines;
}

}  // namespace weir
