#include "jobmanager/ha/journal/change_format.h"
#include "jobmanager/ha/journal/journal_file.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/jobmanager/job_graphs.h"

namespace weir::fuzz {
namespace {

std::string journalOf(const std::vector<std::string>& payloads) {
  std::string image = ha::journalHeader(LeaderEpoch(3), 0);
  for (const std::string& payload : payloads) {
    ha::appendRecord(image, image.size(), payload);
  }
  return image;
}

/// What was read stands in the file, in order, and is found again where the file ends there.
void parse(std::string_view image) {
  const auto contents = ha::parseJournal(image, "/ha/journal-3");
  if (!contents.has_value()) {
    check(contents.error().text().find("/ha/journal-3") != std::string::npos,
          "an error names the file");
    return;
  }
  check(contents->end <= image.size(), "a journal ends in its file");
  const auto again = ha::parseJournal(image.substr(0, contents->end), "/ha/journal-3");
  check(again.has_value() && again->records == contents->records, "what is whole is read again");
}

}  // namespace

std::vector<std::string> seeds() {
  runtime::SubmitRequest request;
  request.job = JobId({1});
  request.graph = testing::twoVertices();
  ha::StoredUpgrade upgrade;
  upgrade.back = request;
  upgrade.request.next = request;
  ha::UpgradeProgress failed;
  failed.step = ha::UpgradeStep::kAnswered;
  failed.failure = Error(ErrorCode::kFailedPrecondition, "it does not fit");
  ha::StoredDisposal disposal;
  disposal.request.path = "file:/s/savepoint-0123456789ab";
  ha::StoredDisposal refused = disposal;
  refused.answer = Error(ErrorCode::kFailedPrecondition, "it is in use").advise("wait");
  std::vector<std::string> images;
  for (const ha::Change& change : {ha::Change(ha::PutJob{request, 17}),
                                   ha::Change(ha::RemoveJob{request.job}),
                                   ha::Change(ha::PutCheckpoints{request.job, {}}),
                                   ha::Change(ha::PutUpgrade{upgrade}),
                                   ha::Change(ha::PutUpgradeProgress{OperationId({2}), failed}),
                                   ha::Change(ha::CancelJob{request.job}),
                                   ha::Change(ha::StoredDisposal{disposal}),
                                   ha::Change(refused)}) {
    images.push_back(ha::encodeChange(change));
  }
  images.push_back(journalOf(images));
  return images;
}

}  // namespace weir::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weir;
  const std::string_view bytes = fuzz::view(data, size);
  fuzz::parse(bytes);
  fuzz::parse(fuzz::journalOf({std::string(bytes.substr(0, size / 2)), std::string(bytes)}));
  fuzz::checkRoundTrip(bytes, ha::decodeChange, ha::encodeChange);
  return 0;
}
