// Nexmark: a query over --n events, its results counted and discarded.
#include <cstdlib>
#include <iostream>

#include "../../deploy/examples/nexmark_queries.h"
#include "generator.h"

namespace {

template <typename Stream>
void discard(const Stream& results, const std::string& events) {
  results.addSink(bench::Discard<typename Stream::Record>(events)).name("discard");
}

}  // namespace

int main(int argc, char** argv) {
  const std::string query = bench::option(argc, argv, "query", "q0");
  const std::uint64_t n = std::stoull(bench::option(argc, argv, "n", "100000000"));
  const auto interval = std::stoll(bench::option(argc, argv, "checkpoint", "0"));
  const std::string events = bench::option(argc, argv, "events", "");

  auto env = weir::StreamExecutionEnvironment::getExecutionEnvironment();
  env.setStreamTimeCharacteristic(weir::TimeCharacteristic::kEventTime);
  if (interval > 0) {
    env.enableCheckpointing(std::chrono::milliseconds(interval));
  }
  const auto in = nexmark::source(env, n);
  if (query == "q0") {
    discard(nexmark::q0(in), events);
  } else if (query == "q1") {
    discard(nexmark::q1(in), events);
  } else if (query == "q2") {
    discard(nexmark::q2(in), events);
  } else if (query == "q3") {
    discard(nexmark::q3(in), events);
  } else if (query == "q5") {
    discard(nexmark::q5(timed(in)), events);
  } else if (query == "q7") {
    nexmark::q7(timed(in))
        .addSink(bench::Discard<nexmark::Bid>(events))
        .setParallelism(1)
        .name("discard");
  } else if (query == "q8") {
    discard(nexmark::q8(timed(in)), events);
  } else {
    std::cerr << "there is no query '" << query << "'; there are q0 to q3, q5, q7 and q8\n";
    return 2;
  }
  env.execute("nexmark " + query);
}
