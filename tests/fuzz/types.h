#pragma once

#include <array>
#include <chrono>
#include <list>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <unordered_map>
#include <unordered_set>
#include <variant>
#include <vector>

#include "common/record/serializer.h"

/// Types of programs whose values the targets read from arbitrary bytes.
namespace weir::fuzz {

enum class Side : std::uint8_t { kBuy = 1, kSell = 2 };
struct Point {
  std::int64_t x = 0;
  double y = 0;
};
struct Trade {
  std::string symbol;
  double price = 1.5;
  std::optional<Point> where;
  std::int64_t time = 0;
  std::string note = "none";
};
/// Before fields were added, widened and moved.
struct OldTrade {
  std::int32_t time = 7;
  std::string symbol = "ab";
  float gone = 1;
};
struct Tree {
  std::int32_t label = 0;
  std::vector<Tree> children;
  std::map<std::string, Tree> named;
};
struct Nothing {};
struct Celsius {
  double degrees = 0;
};
struct Mixed {
  bool flag = true;
  long double precise = 1.25L;
  Side side = Side::kSell;
  std::chrono::milliseconds wait{250};
  std::chrono::system_clock::time_point when{};
  std::array<Trade, 2> trades;
  std::variant<std::monostate, int, Trade> variant;
  std::vector<bool> bits;
  std::list<std::string> names;
  std::multimap<int, std::string> many;
  std::set<std::int16_t> sorted;
  std::u16string wide;
  std::vector<Nothing> nothings;
  std::optional<Celsius> celsius;
};

}  // namespace weir::fuzz

namespace weir {

/// Version 2 writes a double, version 1 wrote an int.
template <>
struct Serializer<fuzz::Celsius> {
  static constexpr std::string_view name = "Celsius";
  static constexpr std::uint32_t version = 2;
  static void write(const fuzz::Celsius& value, Writer& to) { to.put(value.degrees); }
  static fuzz::Celsius read(Reader& from) { return {from.get<double>()}; }
  static fuzz::Celsius read(Reader& from, std::uint32_t before) {
    before == 1 ? void() : from.fail();
    return {static_cast<double>(from.get<std::int32_t>())};
  }
};

}  // namespace weir
