#include "gateway/sha256.h"

#include <openssl/evp.h>

namespace waggle {

std::string sha256(std::string_view bytes) {
  std::string out(32, '\0');
  unsigned size = 0;
  // Without memory it fails, and an empty name is nobody's.
  if (EVP_Digest(bytes.data(), bytes.size(), reinterpret_cast<unsigned char*>(out.data()), &size, EVP_sha256(),
                 nullptr) != 1)
    out.clear();
  return out;
}

}  // namespace waggle
