#include "common/fs/digest.h"

#include <algorithm>
#include <array>

#include <openssl/evp.h>

#include "common/base/ids.h"

namespace weir::fs {

namespace {

constexpr std::uint64_t kPieceBytes = 1 << 20;

void begin(EVP_MD_CTX* context) { EVP_DigestInit_ex(context, EVP_sha256(), nullptr); }

}  // namespace

struct Sha256::State {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  ~State() { EVP_MD_CTX_free(context); }
};

Sha256::Sha256() : state_(std::make_unique<State>()) { begin(state_->context); }
Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;

void Sha256::update(std::string_view bytes) {
  EVP_DigestUpdate(state_->context, bytes.data(), bytes.size());
}

std::string Sha256::finish() {
  std::array<char, 32> digest{};
  EVP_DigestFinal_ex(state_->context, reinterpret_cast<unsigned char*>(digest.data()), nullptr);
  begin(state_->context);
  return toHex(std::string_view(digest.data(), digest.size()));
}

std::string sha256(std::string_view bytes) {
  Sha256 digest;
  digest.update(bytes);
  return digest.finish();
}

Result<std::string> sha256OfFile(FileSystem& files, const std::string& path) {
  WEIR_TRY(auto reader, files.open(path));
  Sha256 digest;
  for (std::uint64_t at = 0; at < reader->size(); at += kPieceBytes) {
    WEIR_TRY(auto piece, reader->read(at, std::min(kPieceBytes, reader->size() - at)));
    digest.update(piece);
  }
  return digest.finish();
}

}  // namespace weir::fs
