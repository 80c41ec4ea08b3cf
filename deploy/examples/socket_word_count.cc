// Counts the words that come over a TCP connection. Try: nc -lk 9999, then socket_word_count
// localhost 9999
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>

#include <weir/weir.h>

namespace {

using WordCount = std::pair<std::string, std::int64_t>;

constexpr std::string_view kUsage = R"(Usage: socket_word_count HOST PORT
Counts the words of the lines that a TCP server sends and prints (word, count) for each.
)";

}  // namespace

int main(int argc, char** argv) {
  if (argc > 1 && (std::string_view(argv[1]) == "--help" || std::string_view(argv[1]) == "-h")) {
    std::cout << kUsage;
    return 0;
  }
  if (argc != 3) {
    std::cerr << kUsage;
    return 2;
  }

  auto env = weir::StreamExecutionEnvironment::getExecutionEnvironment();
  env.socketTextStream(argv[1], std::atoi(argv[2]))
      .flatMap([](const std::string& line, weir::Collector<WordCount>& out) {
        std::istringstream words(line);
        for (std::string word; words >> word;) {
          out.collect({word, 1});
        }
      })
      .keyBy([](const WordCount& count) { return count.first; })
      .sum(1)
      .print();
  env.execute("Socket WordCount");
}
