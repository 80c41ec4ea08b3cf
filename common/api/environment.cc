#include "common/api/environment.h"

#include <algorithm>
#include <thread>

#include "common/connector/file_source.h"
#include "common/connector/sequence_source.h"
#include "common/connector/socket_source.h"

namespace weir {

StreamExecutionEnvironment StreamExecutionEnvironment::getExecutionEnvironment() {
  return StreamExecutionEnvironment(std::make_shared<api::Program>());
}

StreamExecutionEnvironment StreamExecutionEnvironment::createLocalEnvironment() {
  auto environment = getExecutionEnvironment();
  // A worker with other cores builds the graph that was submitted.
  return environment.setParallelism(environment.once("createLocalEnvironment(): cores", [] {
    return static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  }));
}

StreamExecutionEnvironment StreamExecutionEnvironment::createLocalEnvironment(int parallelism) {
  auto environment = getExecutionEnvironment();
  environment.setParallelism(parallelism);
  return environment;
}

StreamExecutionEnvironment& StreamExecutionEnvironment::setParallelism(int parallelism) {
  if (parallelism < 1) {
    program_->refuse("setParallelism(" + std::to_string(parallelism) + "): at least 1");
  } else {
    program_->settings().default_parallelism = static_cast<std::uint32_t>(parallelism);
  }
  return *this;
}

StreamExecutionEnvironment& StreamExecutionEnvironment::setStreamTimeCharacteristic(
    TimeCharacteristic characteristic) {
  program_->time().characteristic = characteristic;
  return *this;
}

TimeCharacteristic StreamExecutionEnvironment::getStreamTimeCharacteristic() const {
  return program_->time().characteristic;
}

StreamExecutionEnvironment& StreamExecutionEnvironment::setAutoWatermarkInterval(Time interval) {
  if (const std::string problem = interval.lengthProblem(); !problem.empty()) {
    program_->refuse("setAutoWatermarkInterval(): " + problem);
  } else {
    program_->time().watermark_interval = interval.toMilliseconds();
  }
  return *this;
}

int StreamExecutionEnvironment::getParallelism() const {
  return static_cast<int>(program_->settings().default_parallelism);
}

StreamExecutionEnvironment& StreamExecutionEnvironment::setMaxParallelism(int max_parallelism) {
  if (max_parallelism < 1 || max_parallelism > 32768) {
    program_->refuse("setMaxParallelism(" + std::to_string(max_parallelism) + "): from 1 to 32768");
  } else {
    program_->settings().max_parallelism = static_cast<std::uint32_t>(max_parallelism);
  }
  return *this;
}

StreamExecutionEnvironment& StreamExecutionEnvironment::enableCheckpointing(
    Milliseconds interval, CheckpointingMode mode) {
  if (interval.value().count() < 1) {
    program_->refuse("enableCheckpointing(): the interval is at least 1 ms");
  } else {
    checkpointConfig().setCheckpointInterval(interval);
  }
  checkpointConfig().setCheckpointingMode(mode);
  return *this;
}

CheckpointConfig StreamExecutionEnvironment::checkpointConfig() {
  return CheckpointConfig(*program_);
}

StreamExecutionEnvironment& StreamExecutionEnvironment::setStateBackend(const std::string& name) {
  if (name != "jobmanager" && name != "filesystem" && name != "hashmap" && name != "rocksdb") {
    program_->refuse("setStateBackend(\"" + name +
                     "\"): there is jobmanager, filesystem, hashmap and rocksdb");
  }
  program_->settings().state_backend = name;
  return *this;
}

StreamExecutionEnvironment& StreamExecutionEnvironment::setRestartStrategy(
    const graph::RestartStrategy& strategy) {
  program_->settings().restart = strategy;
  return *this;
}

StreamExecutionEnvironment& StreamExecutionEnvironment::setBufferTimeout(Milliseconds timeout) {
  if (timeout.value().count() < -1) {
    program_->refuse("setBufferTimeout(): at least -1, which means never");
  }
  program_->setBufferTimeout(timeout.value());
  return *this;
}

StreamExecutionEnvironment& StreamExecutionEnvironment::disableOperatorChaining() {
  program_->settings().chaining = false;
  return *this;
}

SingleOutputStreamOperator<std::int64_t> StreamExecutionEnvironment::generateSequence(
    std::int64_t from, std::int64_t to) {
  return source<std::int64_t>("sequence", "Sequence Source", SequenceSource(from, to));
}

SingleOutputStreamOperator<std::string> StreamExecutionEnvironment::readTextFile(
    const std::string& path) {
  return source<std::string>("textFile", "File Source", FileSource(path));
}

SingleOutputStreamOperator<std::string> StreamExecutionEnvironment::socketTextStream(
    const std::string& host, int port) {
  api::NodeSpec spec = api::sourceSpec<std::string>(
      "socketText", "Socket Source", SocketSource(host, static_cast<std::uint16_t>(port)));
  spec.node.non_parallel = true;
  if (port < 1 || port > 65535) {
    spec.node.errors.push_back("socketTextStream(): " + std::to_string(port) + " is no port");
  }
  return {program_, program_->add(std::move(spec))};
}

JobExecutionResult StreamExecutionEnvironment::execute(const std::string& job_name) {
  return program_->execute(job_name);
}

std::string StreamExecutionEnvironment::getExecutionPlan() const { return program_->plan(); }

}  // namespace weir
