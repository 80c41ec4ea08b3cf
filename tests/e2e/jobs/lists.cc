// Sources that hold lists of known elements, and emit them when told to: what comes out after a
// restore is what their state was, element by element.
//   --elements N --bytes B     what each subtask begins with, unless it is restored
//   --go FILE                  emits when it is there, and ends
//   --out DIRECTORY            one line an element: its number
#include <chrono>
#include <filesystem>
#include <map>
#include <stdexcept>
#include <string>

#include <weir/weir.h>

namespace {

struct Element {
  std::int64_t number = 0;
  std::string bytes;
};

// Not alike, so that no two sections are.
std::string bytesOf(std::int64_t number, std::size_t size) {
  std::string bytes(size, '\0');
  std::uint64_t state = static_cast<std::uint64_t>(number) + 1;
  for (char& byte : bytes) {
    state = state * 6364136223846793005U + 1442695040888963407U;
    byte = static_cast<char>(state >> 56);
  }
  return bytes;
}

class Elements : public weir::RichSourceFunction<std::string>,
                 public weir::ListCheckpointed<Element> {
 public:
  Elements(std::int64_t elements, std::size_t bytes, std::string go)
      : elements_(elements), bytes_(bytes), go_(std::move(go)) {}

  std::vector<Element> snapshotState(std::uint64_t /*checkpoint*/) override { return held_; }
  void restoreState(const std::vector<Element>& held) override {
    for (const Element& one : held) {
      if (one.bytes != bytesOf(one.number, bytes_)) {
        throw std::runtime_error("element " + std::to_string(one.number) + " is not what it was");
      }
    }
    held_ = held;
    restored_ = true;
  }
  void open(weir::RuntimeContext& context) override {
    for (std::int64_t i = 0; i < elements_ && !restored_; ++i) {
      const std::int64_t number = context.getIndexOfThisSubtask() * elements_ + i;
      held_.push_back({number, bytesOf(number, bytes_)});
    }
  }
  weir::InputStatus pollNext(weir::SourceContext<std::string>& context) override {
    if (!std::filesystem::exists(go_)) {
      context.pollAgainAt(std::chrono::steady_clock::now() + std::chrono::milliseconds(100));
      return weir::InputStatus::kNothingAvailable;
    }
    if (next_ == held_.size()) {
      return weir::InputStatus::kEndOfInput;
    }
    context.collect(std::to_string(held_[next_++].number));
    return weir::InputStatus::kMoreAvailable;
  }

 private:
  std::int64_t elements_;
  std::size_t bytes_;
  std::string go_;
  bool restored_ = false;
  std::size_t next_ = 0;
  std::vector<Element> held_;
};

}  // namespace

int main(int argc, char** argv) {
  std::map<std::string, std::string> flags;
  for (int i = 1; i + 1 < argc; i += 2) {
    flags[std::string(argv[i]).substr(2)] = argv[i + 1];
  }
  auto env = weir::StreamExecutionEnvironment::getExecutionEnvironment();
  env.enableCheckpointing(std::chrono::hours(1));  // Only savepoints, and the last one.
  env.addSource(Elements(std::stoll(flags["elements"]), std::stoul(flags["bytes"]), flags["go"]))
      .uid("elements")
      .name("Elements")
      .writeAsText(flags["out"])
      .uid("out");
  env.execute("lists");
}
