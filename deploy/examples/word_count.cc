// WordCount: counts the words of text files, exactly, through savepoints and failures.
//
// A word is a run of ASCII letters, in lower case. Standard tools count the same:
//   cat FILE... | LC_ALL=C tr -cs 'A-Za-z' '\n' | LC_ALL=C tr 'A-Z' 'a-z' | sed '/^$/d' | sort |
//   uniq -c
//
// The output is every update of a count, "word count" a line. Counts only grow, so the result for a
// word is its largest count:
//   sort -k1,1 -k2,2n DIR/* | awk '{ n[$1] = $2 } END { for (w in n) print w, n[w] }'
#include <charconv>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <iostream>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <weir/weir.h>

namespace {

struct Tokenizer : weir::FlatMapFunction<std::string, std::string> {
  void flatMap(const std::string& line, weir::Collector<std::string>& words) override {
    std::string word;
    for (const char c : line) {
      const char lower = static_cast<char>(c | 0x20);
      if (lower >= 'a' && lower <= 'z') {
        word += lower;
      } else if (!word.empty()) {
        words.collect(std::move(word));
        word.clear();
      }
    }
    if (!word.empty()) {
      words.collect(std::move(word));
    }
  }
};

struct CountPerWord : weir::RichMapFunction<std::string, std::string> {
  weir::ValueState<std::int64_t> count_{*this, "count", 0};

  std::string map(const std::string& word) override {
    count_.update(count_.value() + 1);
    return word + ' ' + std::to_string(count_.value());
  }
};

constexpr std::string_view kUsage =
    R"(Usage: word_count --input PATH... [--output DIR] [--rate N] [--checkpoint-interval MS]
Counts the words of text files: runs of ASCII letters, in lower case.
  --input PATH...           files, and directories with all that is below them
  --output DIR              writes "word count" for every update into a file per subtask (else prints it)
  --rate N                  reads at most N lines a second (default: no limit)
  --checkpoint-interval MS  milliseconds between checkpoints (default 1000, 0: none)
)";

struct Options {
  std::vector<std::string> input;
  std::string output;
  std::int64_t rate = 0;
  std::int64_t checkpoint_interval = 1000;
};

bool parseNumber(std::string_view text, std::int64_t& number) {
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number);
  return error == std::errc() && rest == end && number >= 0;
}

std::optional<Options> parse(const std::vector<std::string_view>& arguments) {
  Options options;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string_view flag = arguments[i];
    if (i + 1 == arguments.size()) {
      return std::nullopt;
    }
    if (flag == "--input") {
      while (i + 1 < arguments.size() && !arguments[i + 1].starts_with("--")) {
        options.input.emplace_back(arguments[++i]);
      }
    } else if (flag == "--output") {
      options.output = arguments[++i];
    } else if (flag == "--rate" ? !parseNumber(arguments[++i], options.rate)
                                : flag != "--checkpoint-interval" ||
                                      !parseNumber(arguments[++i], options.checkpoint_interval)) {
      return std::nullopt;
    }
  }
  return options.input.empty() ? std::nullopt : std::optional(options);
}

// Every process has another working directory. Other file systems ("hdfs://...") have none.
std::string absolute(const std::string& path) {
  return path.find(":/") == std::string::npos ? std::filesystem::absolute(path).string() : path;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string_view> arguments(argv + 1, argv + argc);
  if (!arguments.empty() && (arguments[0] == "--help" || arguments[0] == "-h")) {
    std::cout << kUsage;
    return 0;
  }
  const auto options = parse(arguments);
  if (!options) {
    std::cerr << kUsage;
    return 2;
  }

  auto env = weir::StreamExecutionEnvironment::getExecutionEnvironment();
  if (options->checkpoint_interval > 0) {
    env.enableCheckpointing(std::chrono::milliseconds(options->checkpoint_interval));
  }
  // Workers run main() in another directory: relative paths mean those of whoever submits.
  const auto input = env.once("input", [&] {
    std::vector<std::string> paths;
    for (const std::string& path : options->input) {
      paths.push_back(absolute(path));
    }
    return paths;
  });
  const auto output = env.once("output", [&] {
    return options->output.empty() ? std::string() : absolute(options->output);
  });

  auto counts = env.addSource(weir::FileSource(input).recursive().recordsPerSecond(
                                  static_cast<double>(options->rate)),
                              "Lines")
                    .uid("lines")
                    .flatMap(Tokenizer{})
                    .uid("words")
                    .name("Words")
                    .keyBy([](const std::string& word) { return word; })
                    .map(CountPerWord{})
                    .uid("counts")
                    .name("Count per word");
  if (output.empty()) {
    counts.print().uid("print");
  } else {
    counts.writeAsText(output).uid("output");
  }
  env.execute("WordCount");
}
