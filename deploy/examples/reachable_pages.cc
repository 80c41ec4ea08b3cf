// Pages that can be reached from one by following links, which go round in circles: each page that
// is new goes round an iteration once more, with what it links to, until none is.
#include <fstream>
#include <iostream>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include <weir/weir.h>

namespace {

// Lets a page through when it comes for the first time.
struct FirstTime : weir::RichFilterFunction<std::string> {
  weir::ValueState<bool> seen{*this, "seen", false};
  bool filter(const std::string& /*page*/) override {
    const bool first = !seen.value();
    seen.update(true);
    return first;
  }
};

class Links : public weir::RichFlatMapFunction<std::string, std::string> {
 public:
  explicit Links(std::string path) : path_(std::move(path)) {}
  void open(weir::RuntimeContext& /*context*/) override {
    std::ifstream file(path_);
    for (std::string from, to; file >> from >> to;) {
      links_[from].push_back(to);
    }
  }
  void flatMap(const std::string& page, weir::Collector<std::string>& out) override {
    for (const std::string& to : links_[page]) {
      out.collect(to);
    }
  }

 private:
  std::string path_;
  std::unordered_map<std::string, std::vector<std::string>> links_;
};

constexpr std::string_view kUsage = R"(Usage: reachable_pages LINKS PAGE
Prints each page that links lead to from PAGE, once.
  LINKS  a file of lines: from, to; where every worker finds it
)";

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    const bool asked = argc == 2 && std::string_view(argv[1]) == "--help";
    (asked ? std::cout : std::cerr) << kUsage;
    return asked ? 0 : 2;
  }

  auto env = weir::StreamExecutionEnvironment::getExecutionEnvironment();
  env.enableCheckpointing(std::chrono::seconds(1));
  auto pages = env.fromElements(std::string(argv[2])).iterate();
  pages.uid("pages");
  auto found = pages.keyBy([](const std::string& page) { return page; })
                   .filter(FirstTime{})
                   .uid("first-time");
  pages.closeWith(found.flatMap(Links(argv[1])));
  found.print();
  env.execute("Reachable pages");
}
