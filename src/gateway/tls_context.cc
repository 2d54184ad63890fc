#include "gateway/tls_context.h"

#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <ctime>

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

namespace waggle {
namespace {

/// Of TLS 1.2; those of 1.3 are all fine.
constexpr const char* ciphers = "ECDHE+AESGCM:ECDHE+CHACHA20";

/// In the server's order of preference; as RFC 7301 §3.1 writes them.
constexpr std::array<unsigned char, 12> protocols = {2, 'h', '2', 8, 'h', 't', 't', 'p', '/', '1', '.', '1'};

int choose_protocol(SSL*, const unsigned char** out, unsigned char* length, const unsigned char* offered,
                    unsigned offered_length, void*) {
  unsigned char* chosen = nullptr;
  const int found = SSL_select_next_proto(&chosen, length, protocols.data(), protocols.size(), offered, offered_length);
  *out = chosen;
  return found == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

/// Why the last function of OpenSSL failed. Empties the queue of this thread.
std::string reason() {
  const unsigned long code = ERR_peek_last_error();
  const char* text = ERR_reason_error_string(code);
  ERR_clear_error();
  return text != nullptr ? text : fmt::format("error {:x}", code);
}

std::unexpected<error> failed(std::string_view what, const std::string& file, std::string_view why) {
  return fail(error_code::failed_precondition, fault::host, fmt::format("{} {}: {}", what, file, why));
}

using file_pointer = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;
using key_pointer = std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)>;

/// Nobody is asked for a pass phrase.
int no_phrase(char*, int, int, void*) { return -1; }

std::string day(const std::tm& t) {
  return fmt::format("{}-{:02}-{:02} {:02}:{:02} UTC", t.tm_year + 1900, t.tm_mon + 1, t.tm_mday, t.tm_hour, t.tm_min);
}

}  // namespace

tls_context::~tls_context() { SSL_CTX_free(context_); }

result<std::shared_ptr<const tls_context>> tls_context::load(const std::string& certificate, const std::string& key,
                                                             wall_time now) {
  ERR_clear_error();
  const std::shared_ptr<tls_context> made(new tls_context);
  SSL_CTX* const context = made->context_ = SSL_CTX_new(TLS_server_method());
  if (context == nullptr) return fail(error_code::internal, fault::host, "no TLS: " + reason());
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE |
                                   SSL_OP_PRIORITIZE_CHACHA);
  SSL_CTX_set_mode(context,
                   SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);  // tickets only: nothing is kept, nothing is locked
  SSL_CTX_set_num_tickets(context, 1);
  SSL_CTX_set_cipher_list(context, ciphers);
  SSL_CTX_set_alpn_select_cb(context, choose_protocol, nullptr);
  SSL_CTX_set_default_passwd_cb(context, no_phrase);

  for (const std::string* file : {&certificate, &key}) {
    const char* what = file == &key ? "tls.key" : "tls.certificate";
    struct stat about {};
    if (::stat(file->c_str(), &about) != 0) return failed(what, *file, std::strerror(errno));
    if (!S_ISREG(about.st_mode)) return failed(what, *file, "this is no file");
    if (file == &key && (about.st_mode & (S_IROTH | S_IWOTH)) != 0)
      made->warnings_.push_back(
          fmt::format("tls.key {}: every user of this machine can read or change it; chmod 600", key));
  }
  if (SSL_CTX_use_certificate_chain_file(context, certificate.c_str()) != 1)
    return failed("tls.certificate", certificate, "it holds no chain of certificates in PEM form: " + reason());
  const file_pointer from(std::fopen(key.c_str(), "re"), std::fclose);
  if (from == nullptr) return failed("tls.key", key, std::strerror(errno));
  const key_pointer loaded(PEM_read_PrivateKey(from.get(), nullptr, no_phrase, nullptr), EVP_PKEY_free);
  if (loaded == nullptr)
    return failed("tls.key", key, "it holds no private key in PEM form without a pass phrase: " + reason());
  if (SSL_CTX_use_PrivateKey(context, loaded.get()) != 1 || SSL_CTX_check_private_key(context) != 1)
    return failed("tls.key", key, fmt::format("it is not the key of the certificate {}: {}", certificate, reason()));

  const X509* leaf = SSL_CTX_get0_certificate(context);
  std::tm until{};
  std::tm since{};
  if (ASN1_TIME_to_tm(X509_get0_notAfter(leaf), &until) != 1 || ASN1_TIME_to_tm(X509_get0_notBefore(leaf), &since) != 1)
    return failed("tls.certificate", certificate, "its dates cannot be read: " + reason());
  made->expires_ = std::chrono::system_clock::from_time_t(::timegm(&until));
  if (made->expires_ < now)
    made->warnings_.push_back(
        fmt::format("tls.certificate {}: it expired on {}; clients refuse it", certificate, day(until)));
  if (std::chrono::system_clock::from_time_t(::timegm(&since)) > now)
    made->warnings_.push_back(fmt::format("tls.certificate {}: it is not valid before {}", certificate, day(since)));
  return made;
}

}  // namespace waggle
