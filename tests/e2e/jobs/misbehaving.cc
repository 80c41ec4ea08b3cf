// Programs that are none: each word says how.
#include <cstdlib>
#include <iostream>
#include <string>
#include <thread>

#include <weir/weir.h>

int main(int argc, char** argv) {
  const std::string how = argc > 1 ? argv[1] : "";
  if (how == "no-execute") {
    return 0;
  }
  if (how == "exit-3") {
    return 3;
  }
  if (how == "abort") {
    std::abort();
  }
  if (how == "hang") {
    std::this_thread::sleep_for(std::chrono::hours(1));
  }
  auto env = weir::StreamExecutionEnvironment::getExecutionEnvironment();
  if (how == "no-operators") {
    env.execute("Nothing");
  }
  auto numbers = env.fromElements(1, 2, 3);
  if (how == "equal-uids") {
    numbers.map([](int n) { return n; })
        .uid("same")
        .map([](int n) { return n; })
        .uid("same")
        .print();
  } else if (how == "forged-uids") {
    numbers.map([](int n) { return n; })
        .uid("same\nweir: forged")
        .map([](int n) { return n; })
        .uid("same\nweir: forged")
        .print();
  } else if (how == "empty-uid") {
    numbers.map([](int n) { return n; }).uid("").print();
  } else if (how == "throws") {
    throw std::runtime_error("main gives up");
  } else {
    numbers.print();
  }
  std::cout << "words of the program\n";
  env.execute(how == "no-name" ? "" : "Misbehaving");
  std::cout << "after the end\n";
  if (how == "twice") {
    env.execute("Again");
  }
}
