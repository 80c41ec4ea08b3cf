// tally COUNT RATE DIRECTORY, on a cluster.
#include "tally.h"

int main(int argc, char** argv) {
  if (argc != 4) {
    return 2;
  }
  auto env = weir::StreamExecutionEnvironment::getExecutionEnvironment();
  tally::build(env, std::stoll(argv[1]), std::stoll(argv[2]), argv[3]);
  env.execute("tally");
}
