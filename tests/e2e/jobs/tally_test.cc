// The same program in the test kit:
//   tally_test savepoint PARALLELISM COUNT DIRECTORY OUT   runs some of it, prints a savepoint
//   tally_test restore PARALLELISM COUNT PATH OUT          goes on with a savepoint to the end
#include "tally.h"

#include <iostream>

#include <weir/testing.h>

int main(int argc, char** argv) {
  if (argc != 6) {
    return 2;
  }
  const std::string command = argv[1];
  const std::string path = argv[4];
  const std::string out = argv[5];
  const std::int64_t count = std::stoll(argv[3]);
  try {
    weir::testing::Job job(
        [&](weir::StreamExecutionEnvironment& env) { tally::build(env, count, 0, out); });
    job.parallelism(std::stoi(argv[2])).seed(7);
    if (command == "savepoint") {
      job.step(20);
      std::cout << job.savepoint(path) << "\n";
    } else {
      job.restoreFrom(path).runToEnd();
    }
  } catch (const std::exception& thrown) {
    std::cerr << thrown.what() << "\n";
    return 1;
  }
}
