#pragma once
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

namespace waggle {

/// A folder with certificates of localhost, made by the program openssl.
class certificates_for_tests {
 public:
  certificates_for_tests() {
    std::string pattern = (std::filesystem::temp_directory_path() / "waggle-tls-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
  }
  ~certificates_for_tests() { std::filesystem::remove_all(folder_); }
  certificates_for_tests(const certificates_for_tests&) = delete;
  certificates_for_tests& operator=(const certificates_for_tests&) = delete;

  /// `NAME.pem` and `NAME.key`. False where openssl is not there.
  [[nodiscard]] bool make(std::string_view name, std::string_view subject = "localhost", int days = 2) const {
    return std::system(
               fmt::format("cd {0} && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days "
                           "{3} -subj /CN={2} -addext subjectAltName=DNS:localhost,IP:127.0.0.1 -keyout "
                           "{1}.key -out {1}.pem >made 2>&1 && chmod 600 {1}.key",
                           folder_.string(), name, subject, days)
                   .c_str()) == 0;
  }
  [[nodiscard]] std::string path(std::string_view name) const { return (folder_ / name).string(); }
  void write(std::string_view name, std::string_view text) const {
    std::ofstream(folder_ / name, std::ios::binary) << text;
  }
  void copy(std::string_view from, std::string_view to) const {
    std::filesystem::copy_file(folder_ / from, folder_ / to, std::filesystem::copy_options::overwrite_existing);
  }

 private:
  std::filesystem::path folder_;
};

/// A client's side of TLS between two strings. It believes any certificate.
class tls_client_for_tests {
 public:
  /// `protocols` as ALPN has them: "\2h2".
  explicit tls_client_for_tests(std::string_view protocols = {}, int newest = 0, int oldest = 0)
      : context_(SSL_CTX_new(TLS_client_method())) {
    SSL_CTX_set_security_level(context_, 0);
    if (oldest != 0) SSL_CTX_set_min_proto_version(context_, oldest);
    if (newest != 0) SSL_CTX_set_max_proto_version(context_, newest);
    ssl_ = SSL_new(context_);
    SSL_set_bio(ssl_, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    SSL_set_connect_state(ssl_);
    if (!protocols.empty())
      SSL_set_alpn_protos(ssl_, reinterpret_cast<const unsigned char*>(protocols.data()),
                          static_cast<unsigned>(protocols.size()));
  }
  ~tls_client_for_tests() {
    SSL_free(ssl_);
    SSL_CTX_free(context_);
  }
  tls_client_for_tests(const tls_client_for_tests&) = delete;
  tls_client_for_tests& operator=(const tls_client_for_tests&) = delete;

  /// Takes the server's bytes and says what is to be sent.
  std::string exchange(std::string_view from_server) {
    ERR_clear_error();
    if (!from_server.empty()) BIO_write(SSL_get_rbio(ssl_), from_server.data(), static_cast<int>(from_server.size()));
    if (!done) {
      const int outcome = SSL_do_handshake(ssl_);
      done = outcome == 1;
      if (!done && SSL_get_error(ssl_, outcome) != SSL_ERROR_WANT_READ) failed = true;
    }
    while (done) {
      std::string some(16384, '\0');
      std::size_t n = 0;
      const int outcome = SSL_read_ex(ssl_, some.data(), some.size(), &n);
      if (outcome != 1) {
        const int why = SSL_get_error(ssl_, outcome);
        closed = closed || why == SSL_ERROR_ZERO_RETURN;
        failed = failed || (why != SSL_ERROR_WANT_READ && why != SSL_ERROR_ZERO_RETURN);
        break;
      }
      got.append(some, 0, n);
    }
    ERR_clear_error();  // the server's are looked for
    return take();
  }
  /// `bytes`, encrypted.
  std::string encrypt(std::string_view bytes) {
    std::size_t n = 0;
    while (!bytes.empty() && SSL_write_ex(ssl_, bytes.data(), bytes.size(), &n) == 1) bytes.remove_prefix(n);
    return take();
  }
  std::string bye() {
    SSL_shutdown(ssl_);
    return take();
  }
  SSL* ssl() { return ssl_; }
  /// The name in the server's certificate.
  [[nodiscard]] std::string subject() const {
    X509* const its = SSL_get1_peer_certificate(ssl_);
    if (its == nullptr) return {};
    char name[200] = {};
    X509_NAME_get_text_by_NID(X509_get_subject_name(its), NID_commonName, name, sizeof name);
    X509_free(its);
    return name;
  }

  std::string got;
  bool done = false;
  bool failed = false;
  bool closed = false;  // the server said close_notify

 private:
  std::string take() {
    std::string out(BIO_ctrl_pending(SSL_get_wbio(ssl_)), '\0');
    if (!out.empty()) BIO_read(SSL_get_wbio(ssl_), out.data(), static_cast<int>(out.size()));
    return out;
  }

  SSL_CTX* context_;
  SSL* ssl_;
};

}  // namespace waggle
