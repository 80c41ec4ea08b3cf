// Counts numbers by key, with state of every kind, for checks of its savepoints. VERSION says what
// another version of it does differently; FOLDER is where functions leave a trace of what was
// called.
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <sys/socket.h>

#include <weir/weir.h>

namespace {

std::string folder;
std::string version;

void trace(const std::string& what) {
  std::ofstream(folder + "/" + what + (version == "first" ? "" : ".checked"), std::ios::app) << "x";
}

struct Counted {
  std::int64_t n = 0;
};
struct CountedMore {
  std::int64_t n = 0;
  std::string note = "new";
};
struct CountedOtherwise {
  std::string n;
};

struct Numbers : weir::RichSourceFunction<std::int64_t>, weir::Checkpointed<std::int64_t> {
  std::int64_t next_ = 0;
  void open(weir::RuntimeContext& /*context*/) override { trace("source-opened"); }
  weir::InputStatus pollNext(weir::SourceContext<std::int64_t>& context) override {
    context.collect(next_++);
    if (next_ > 2000) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return weir::InputStatus::kMoreAvailable;
  }
  std::int64_t snapshotState(std::uint64_t /*id*/) override { return next_; }
  void restoreState(const std::int64_t& next) override { next_ = next; }
};

template <typename T>
struct Counts : weir::RichMapFunction<std::int64_t, std::int64_t> {
  weir::ValueState<T> seen_{*this, "seen", T{}};
  weir::MapState<std::int64_t, std::string> names_{*this, "names"};
  std::int64_t map(const std::int64_t& value) override {
    seen_.update(T{});
    names_.put(value % 7, std::to_string(value));
    return value;
  }
};

template <typename T>
struct Totals : weir::RichMapFunction<std::int64_t, std::int64_t> {
  weir::ListState<T> values_{*this, "values"};
  std::int64_t map(const std::int64_t& value) override {
    values_.clear();
    values_.add(T{});
    return value;
  }
};

struct Handle : weir::StateHandle {
  std::int64_t number = 0;
  void discardState() override { trace("discarded"); }
};
}  // namespace

template <>
struct weir::Serializer<Handle> {
  static void write(const Handle& handle, weir::Writer& to) { to.put(handle.number); }
  static Handle read(weir::Reader& from) {
    Handle handle;
    handle.number = from.get<std::int64_t>();
    return handle;
  }
  static constexpr std::string_view name = "handle";
};

namespace {
struct Holder : weir::RichMapFunction<std::int64_t, std::int64_t>, weir::Checkpointed<Handle> {
  std::int64_t map(const std::int64_t& value) override { return value; }
  Handle snapshotState(std::uint64_t /*id*/) override {
    Handle handle;
    handle.number = 42;
    return handle;
  }
  void restoreState(const Handle& handle) override {
    if (handle.number != 42) {
      throw std::runtime_error("another handle");
    }
    trace("handle-restored");
  }
};

struct Keeper : weir::RichMapFunction<std::int64_t, std::int64_t>,
                weir::ListCheckpointed<std::int64_t> {
  std::int64_t map(const std::int64_t& value) override { return value; }
  std::vector<std::int64_t> snapshotState(std::uint64_t /*id*/) override { return {1, 2, 3}; }
  void restoreState(const std::vector<std::int64_t>& /*elements*/) override {
    std::cout << "kept is restored" << std::endl;
    if (version == "throws") {
      throw std::runtime_error("does not like it");
    }
    if (version == "crashes") {
      std::cerr << "about to crash" << std::endl;
      std::raise(SIGSEGV);
    }
    if (version == "exits") {
      std::exit(7);
    }
    if (version == "hoards") {
      const std::string hoard(std::size_t{300} << 20, 'x');
      std::this_thread::sleep_for(std::chrono::hours(hoard.size() > 0 ? 1 : 0));
    }
    if (version == "hangs") {
      trace("hangs");
      std::this_thread::sleep_for(std::chrono::hours(1));
    }
    if (version == "reads") {
      std::string words;
      if (!std::getline(std::ifstream("words.txt"), words)) {
        throw std::runtime_error("words.txt was not shipped");
      }
      std::cout << "read " << words << std::endl;
      std::ofstream("words.txt") << "overwritten";
    }
    if (version == "connects" && ::socket(AF_INET, SOCK_STREAM, 0) >= 0) {
      throw std::runtime_error("has a network");
    }
  }
};

struct Sink : weir::RichSinkFunction<std::int64_t> {
  void open(weir::RuntimeContext& /*context*/) override { trace("sink-opened"); }
  void invoke(const std::int64_t& /*value*/) override {}
};

template <typename T, typename V>
void build(weir::StreamExecutionEnvironment& env) {
  env.addSource(Numbers{})
      .setParallelism(1)
      .uid("numbers")
      .name("Numbers")
      .keyBy([](std::int64_t value) { return value % 1000; })
      .map(Counts<T>{})
      .uid("counts")
      .name("Counts")
      .keyBy([](std::int64_t value) { return std::to_string(value % 100); })
      .map(Totals<V>{})
      .uid("totals")
      .name("Totals")
      .map(Holder{})
      .setParallelism(1)
      .uid("holder")
      .name("Holder")
      .map(Keeper{})
      .uid("keeper")
      .name("Keeper")
      .addSink(Sink{})
      .uid("sink")
      .name("Sink");
}

}  // namespace

int main(int, char** argv) {
  version = argv[1];
  folder = argv[2];
  auto env = weir::StreamExecutionEnvironment::getExecutionEnvironment();
  env.enableCheckpointing(std::chrono::milliseconds(200));
  if (version == "more") {
    build<CountedMore, std::int64_t>(env);
  } else if (version == "twice") {
    build<CountedOtherwise, std::string>(env);
  } else {
    build<Counted, std::int64_t>(env);
  }
  env.execute("Checked");
}
