#pragma once

namespace weir {

/// One function per alternative of a variant, for std::visit(): who forgets an alternative, or does
/// not know a new one, does not compile.
template <typename... Functions>
struct Overloaded : Functions... {
  using Functions::operator()...;
};
template <typename... Functions>
Overloaded(Functions...) -> Overloaded<Functions...>;

}  // namespace weir
