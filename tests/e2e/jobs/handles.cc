// A job whose operator stores state outside of Weir, in files of its own, and keeps handles to
// them: each snapshot makes a file `live-…` in --dir, and discarding its handle turns it to
// `gone-…`.
#include <filesystem>
#include <fstream>
#include <map>
#include <stdexcept>
#include <string>

#include <unistd.h>

#include <weir/weir.h>

namespace {

struct Ticket : weir::StateHandle {
  std::string path;
  std::string trouble;  // What discardState() does instead.
  void discardState() override {
    if (trouble == "throw") {
      throw std::runtime_error("cannot discard on purpose");
    }
    if (trouble == "crash" && !std::filesystem::exists(path + ".crashed")) {
      std::ofstream(path + ".crashed") << "once";
      std::abort();
    }
    const std::filesystem::path file(path);
    std::string name = file.filename();
    if (!std::filesystem::exists(file)) {
      std::ofstream(file.parent_path() / "twice", std::ios::app) << name << "\n";
      return;
    }
    std::filesystem::rename(file, file.parent_path() / name.replace(0, 4, "gone"));
  }
};

struct Slow : weir::SourceFunction<std::int64_t> {
  weir::InputStatus pollNext(weir::SourceContext<std::int64_t>& context) override {
    context.pollAgainAt(std::chrono::steady_clock::now() + std::chrono::milliseconds(5));
    context.collect(1);
    return weir::InputStatus::kNothingAvailable;
  }
};

struct Few : weir::SourceFunction<std::int64_t> {
  std::int64_t left = 200;
  weir::InputStatus pollNext(weir::SourceContext<std::int64_t>& context) override {
    context.pollAgainAt(std::chrono::steady_clock::now() + std::chrono::milliseconds(5));
    context.collect(1);
    return --left > 0 ? weir::InputStatus::kNothingAvailable : weir::InputStatus::kEndOfInput;
  }
};

class Keeper : public weir::RichMapFunction<std::int64_t, std::int64_t>,
               public weir::Checkpointed<Ticket> {
 public:
  Keeper(std::string directory, std::string trouble)
      : directory_(std::move(directory)), trouble_(std::move(trouble)) {}
  void open(weir::RuntimeContext& context) override { subtask_ = context.getIndexOfThisSubtask(); }
  std::int64_t map(const std::int64_t& number) override { return count_ += number; }
  Ticket snapshotState(std::uint64_t checkpoint) override {
    Ticket ticket;
    ticket.path = directory_ + "/live-" + std::to_string(checkpoint) + "-" +
                  std::to_string(subtask_) + "-" + std::to_string(::getpid());
    ticket.trouble = trouble_;
    std::ofstream(ticket.path) << count_;
    return ticket;
  }
  void restoreState(const Ticket& ticket) override {
    if (!(std::ifstream(ticket.path) >> count_)) {
      throw std::runtime_error("the state " + ticket.path + " is gone");
    }
  }

 private:
  std::string directory_;
  std::string trouble_;
  int subtask_ = 0;
  std::int64_t count_ = 0;
};

}  // namespace

template <>
struct weir::Serializer<Ticket> {
  static void write(const Ticket& ticket, Writer& to) {
    Serializer<std::string>::write(ticket.path, to);
    Serializer<std::string>::write(ticket.trouble, to);
  }
  static Ticket read(Reader& from) {
    Ticket ticket;
    ticket.path = Serializer<std::string>::read(from);
    ticket.trouble = Serializer<std::string>::read(from);
    return ticket;
  }
};

int main(int argc, char** argv) {
  std::map<std::string, std::string> flags;
  for (int i = 1; i + 1 < argc; i += 2) {
    flags[argv[i]] = argv[i + 1];
  }
  auto env = weir::StreamExecutionEnvironment::getExecutionEnvironment();
  env.enableCheckpointing(std::chrono::milliseconds(100));
  const Keeper keeper(flags["--dir"], flags["--trouble"]);
  const std::string uid = flags.contains("--uid") ? flags["--uid"] : "keeper";
  if (flags["--bounded"] == "yes") {
    env.addSource(Few{}).uid("source").map(keeper).uid(uid).name("Keeper").addSink(
        [](std::int64_t) {});
  } else {
    env.addSource(Slow{}).uid("source").map(keeper).uid(uid).name("Keeper").addSink(
        [](std::int64_t) {});
  }
  env.execute("Handles");
}
