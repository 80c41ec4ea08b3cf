#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "common/connector/csv_input.h"
#include "common/functions/checkpointed.h"
#include "common/functions/rich_function.h"
#include "common/record/fields.h"
#include "common/record/names.h"

namespace weir {

namespace connector {

template <typename M>
inline constexpr bool kIsOptionalField = false;
template <typename M>
inline constexpr bool kIsOptionalField<std::optional<M>> = true;

/// What a member's text should be; empty when it was that and is in `into` now.
template <typename M>
std::string_view parseField(const std::string& text, M& into) {
  if constexpr (std::is_same_v<M, std::string>) {
    into = text;
    return {};
  } else if constexpr (std::is_same_v<M, bool>) {
    into = text == "true" || text == "1";
    return into || text == "false" || text == "0" ? "" : "true, false, 1 or 0";
  } else if constexpr (std::is_same_v<M, char>) {
    into = text.size() == 1 ? text[0] : '\0';
    return text.size() == 1 ? "" : "one character";
  } else if constexpr (std::is_floating_point_v<M>) {
    std::conditional_t<std::is_same_v<M, float>, float, double> number{};
    const bool is = parseNumber(text, number);
    into = number;
    return is ? "" : "a number";
  } else if constexpr (std::is_integral_v<M>) {
    std::conditional_t<std::is_signed_v<M>, std::int64_t, std::uint64_t> number{};
    const bool is = parseNumber(text, number) && std::in_range<M>(number);
    into = static_cast<M>(number);
    return is ? "" : std::is_signed_v<M> ? "an integer that fits" : "an unsigned integer that fits";
  } else if constexpr (std::is_enum_v<M>) {
    std::underlying_type_t<M> number{};
    const std::string_view wrong = parseField(text, number);
    into = static_cast<M>(number);
    return wrong;
  } else if constexpr (kIsOptionalField<M>) {
    into.reset();
    return text.empty() ? std::string_view() : parseField(text, into.emplace());
  } else {
    static_assert(std::is_void_v<M>,
                  "readCsvFile() reads strings, numbers, bool, enums and std::optional of them: "
                  "read the column as a std::string and map() it");
    return {};
  }
}

/// Calls f(position, member) for every member of a struct or tuple, or for the value itself.
template <typename T, typename F>
void forEachColumn(T& value, F f) {
  const auto all = [&f](auto&... members) {
    std::size_t at = 0;
    (f(at++, members), ...);
    return at;
  };
  if constexpr (requires { std::tuple_size<T>::value; }) {
    std::apply(all, value);
  } else if constexpr (record::PlainAggregate<T>) {
    record::visitFields(value, all);
  } else {
    all(value);
  }
}

template <typename T>
std::vector<std::string> columnNames() {
  if constexpr (record::PlainAggregate<T>) {
    return record::fieldNames<T>();
  } else {
    return {};
  }
}

template <typename T>
std::size_t columnCount() {
  T value{};
  std::size_t count = 0;
  forEachColumn(value, [&count](std::size_t /*at*/, auto& /*member*/) { ++count; });
  return count;
}

}  // namespace connector

/// Reads the records of CSV files (RFC 4180), each once: bounded, replayable, parallel by files, as
/// a quoted field may hold line ends. T is a struct, a tuple, or the type of a single column, of
/// strings, numbers, bool, enums and std::optional of these (empty: none).
///
/// A path is a file or a directory, as for FileSource. Errors: open() and pollNext() throw
/// std::runtime_error naming file and line, and the column where a text does not fit.
template <typename T>
class CsvSource : public RichSourceFunction<T>, public ListCheckpointed<CsvSplit> {
 public:
  explicit CsvSource(std::string path, CsvOptions options = {})
      : input_(std::move(path), options, connector::columnCount<T>(), connector::columnNames<T>()) {
  }

  std::vector<std::string> inputPaths() const { return {input_.path()}; }

  void open(RuntimeContext& context) override { input_.open(context); }
  InputStatus pollNext(SourceContext<T>& context) override {
    for (int records = 0; records < kRecordsPerPoll; ++records) {
      if (!input_.next()) {
        return InputStatus::kEndOfInput;
      }
      T value{};
      connector::forEachColumn(value, [this](std::size_t at, auto& member) {
        const std::string_view wanted = connector::parseField(input_.field(at), member);
        if (!wanted.empty()) {
          input_.refuse(at, wanted);
        }
      });
      context.collect(std::move(value));
    }
    return InputStatus::kMoreAvailable;
  }
  void close() override { input_.close(); }
  std::vector<CsvSplit> snapshotState(std::uint64_t /*checkpoint_id*/) override {
    return input_.snapshot();
  }
  void restoreState(const std::vector<CsvSplit>& splits) override { input_.restore(splits); }

 private:
  static constexpr int kRecordsPerPoll = 64;

  connector::CsvInput input_;
};

}  // namespace weir
