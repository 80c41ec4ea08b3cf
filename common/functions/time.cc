#include "common/functions/time.h"

#include <cstdio>

namespace weir {

namespace {

std::string asNumber(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.17g", value);
  return text;
}

}  // namespace

std::string Time::lengthProblem() const {
  return whole_ && count_ > 0
             ? std::string()
             : "a length of time is a whole positive number of milliseconds, and " +
                   asNumber(given_) + " ms is none";
}

std::string Time::boundProblem() const {
  return whole_ && count_ >= 0
             ? std::string()
             : "it takes a whole number of milliseconds that is not negative, and "
               "was given " +
                   asNumber(given_) + " ms";
}

std::string Time::offsetProblem() const {
  return whole_ ? std::string()
                : "an offset is a whole number of milliseconds, and " + asNumber(given_) +
                      " ms is none";
}

}  // namespace weir
