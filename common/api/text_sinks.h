#pragma once

#include <cstdint>
#include <string>
#include <type_traits>
#include <utility>

#include "common/api/text.h"
#include "common/connector/file_sink.h"
#include "common/connector/formatted_sink.h"
#include "common/connector/print_sink.h"
#include "common/connector/socket_sink.h"
#include "common/connector/text_file_sink.h"

/// The sinks of text that streams offer by themselves.
namespace weir::api {

template <typename T>
auto printSink(bool to_error) {
  const PrintSink lines(to_error ? PrintSink::Target::kStandardError
                                 : PrintSink::Target::kStandardOutput);
  if constexpr (std::is_same_v<T, std::string>) {
    return lines;
  } else {
    return connector::FormattedSink<T, PrintSink, &appendText<T>>(lines);
  }
}

template <typename T>
auto textFileSink(const std::string& path, WriteMode mode) {
  if constexpr (std::is_same_v<T, std::string>) {
    return TextFileSink(path, mode);
  } else {
    return connector::FormattedStatefulSink<T, TextFileSink, &appendText<T>>(
        TextFileSink(path, mode));
  }
}

template <typename T>
auto csvFileSink(const std::string& path, WriteMode mode) {
  return connector::FormattedStatefulSink<T, TextFileSink, &appendCsv<T>>(TextFileSink(path, mode));
}

template <typename T>
auto socketSink(const std::string& host, int port) {
  SocketSink lines(host, static_cast<std::uint16_t>(port));
  if constexpr (std::is_same_v<T, std::string>) {
    return lines;
  } else {
    return connector::FormattedSink<T, SocketSink, &appendText<T>>(lines);
  }
}

}  // namespace weir::api

namespace weir {

template <typename T>
FileSink<T> FileSink<T>::text(std::string path) {
  return FileSink(std::move(path), [](const T& value, std::string& to) {
    api::appendText(to, value);
    to += '\n';
  });
}

template <typename T>
FileSink<T> FileSink<T>::csv(std::string path) {
  return FileSink(std::move(path), [](const T& value, std::string& to) {
    api::appendCsv(to, value);
    to += '\n';
  });
}

}  // namespace weir
