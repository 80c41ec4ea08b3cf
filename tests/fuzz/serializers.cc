#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/types.h"

namespace weir::fuzz {
namespace {

/// Reads a T; what was read is written and read again. Of unordered containers only the size can
/// be compared.
template <typename T, bool kOrdered = true>
void readOne(std::string_view bytes) {
  Reader from(bytes);
  const T value = record::read<T>(from);
  if (from.failed()) {
    return;
  }
  Reader skipping(bytes);
  record::skipValue(skipping, record::schemaOf<T>());
  check(!skipping.failed() && skipping.remaining() == from.remaining(),
        "skipping and reading agree about the end of a value");
  Writer once;
  record::write(value, once);
  Reader again(once.view());
  const T same = record::read<T>(again);
  check(!again.failed() && again.remaining() == 0, "what was written can be read");
  Writer twice;
  record::write(same, twice);
  check(kOrdered ? once.view() == twice.view() : once.size() == twice.size(), "writing is stable");
}

using Read = void (*)(std::string_view);
constexpr Read kReads[] = {
    readOne<std::int64_t>,
    readOne<std::string>,
    readOne<Trade>,
    readOne<Tree>,
    readOne<Mixed>,
    readOne<Celsius>,
    readOne<std::vector<Point>>,
    readOne<std::vector<std::monostate>>,
    readOne<std::vector<std::vector<std::string>>>,
    readOne<std::map<std::string, std::map<int, Celsius>>>,
    readOne<std::multiset<std::string>>,
    readOne<std::unordered_map<std::string, std::vector<int>>, false>,
    readOne<std::unordered_set<std::string>, false>,
    readOne<std::tuple<int, std::optional<std::string>, std::pair<char, bool>>>,
    readOne<std::variant<int, std::string, std::vector<Side>>>,
    readOne<std::array<std::array<std::u16string, 2>, 3>>,
};

template <typename T>
std::string imageOf(char type, const T& value) {
  Writer to;
  to.put(type);
  record::write(value, to);
  return to.str();
}

}  // namespace

std::vector<std::string> seeds() {
  Tree tree;
  tree.children.resize(2);
  tree.named["x"].label = 3;
  Mixed mixed;
  mixed.variant = Trade{"c", 5, Point{1, 2}, 6, "d"};
  mixed.bits = {true, false};
  mixed.names = {"x", "yz"};
  mixed.many = {{1, "a"}, {1, "b"}};
  mixed.sorted = {3, 1};
  mixed.wide = u"wide";
  mixed.nothings.resize(3);
  mixed.celsius = Celsius{21};
  return {imageOf(2, Trade{"a", 1, {}, 2, ""}),
          imageOf(3, tree),
          imageOf(4, mixed),
          imageOf(6, std::vector<Point>{{1, 2}, {3, 4}}),
          imageOf(9, std::map<std::string, std::map<int, Celsius>>{{"a", {{1, {2}}}}}),
          imageOf(11, std::unordered_map<std::string, std::vector<int>>{{"b", {1, 2}}}),
          imageOf(14, std::variant<int, std::string, std::vector<Side>>("text"))};
}

}  // namespace weir::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weir;
  if (size > 0) {
    fuzz::kReads[data[0] % std::size(fuzz::kReads)](fuzz::view(data + 1, size - 1));
  }
  return 0;
}
