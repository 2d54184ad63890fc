// What WASI preview 1 answers, and a guest with wasi-libc: malloc behind `allocate`, `_initialize` from its crt.
#include <stdio.h>
#include <time.h>
#include <unistd.h>
#include <wasi/api.h>

#include "guest.h"

static int initialized;
__attribute__((constructor)) static void at_start(void) { initialized++; }

#define ERRNO(name, call) n += snprintf(out + n, size - n, "%s\"%s\":%d", n > 1 ? "," : "", name, (int)(call))
#define VALUE(name, format, ...) n += snprintf(out + n, size - n, ",\"%s\":" format, name, __VA_ARGS__)

static uint64_t probe(void) {
  const size_t size = 4096;
  char* out = malloc(size);
  size_t n = 1;
  out[0] = '{';

  __wasi_timestamp_t real = 0, before = 0, after = 0, resolution = 0;
  ERRNO("clock_time_get_real", __wasi_clock_time_get(__WASI_CLOCKID_REALTIME, 0, &real));
  ERRNO("clock_time_get", __wasi_clock_time_get(__WASI_CLOCKID_MONOTONIC, 0, &before));
  ERRNO("clock_time_get_bad", __wasi_clock_time_get(99, 0, &after));
  ERRNO("clock_res_get", __wasi_clock_res_get(__WASI_CLOCKID_MONOTONIC, &resolution));
  ERRNO("sched_yield", __wasi_sched_yield());
  ERRNO("clock_time_get_again", __wasi_clock_time_get(__WASI_CLOCKID_MONOTONIC, 0, &after));
  VALUE("real_seconds", "%llu", real / 1000000000);
  VALUE("monotonic_goes_on", "%s", after >= before ? "true" : "false");

  uint8_t random[32] = {0};
  int different = 0;
  ERRNO("random_get", __wasi_random_get(random, sizeof random));
  for (size_t i = 1; i < sizeof random; i++) different |= random[i] != random[0];
  VALUE("random_differs", "%s", different ? "true" : "false");

  __wasi_size_t args = 0, args_bytes = 0, variables = 0, variables_bytes = 0;
  ERRNO("args_sizes_get", __wasi_args_sizes_get(&args, &args_bytes));
  ERRNO("environ_sizes_get", __wasi_environ_sizes_get(&variables, &variables_bytes));
  VALUE("args", "%u", (unsigned)args);
  VALUE("variables", "%u", (unsigned)variables);
  const char* home = getenv("WAGGLE_TEST");
  if (home) VALUE("WAGGLE_TEST", "\"%s\"", home);

  uint8_t byte;
  const __wasi_iovec_t into = {&byte, 1};
  const __wasi_ciovec_t from = {&byte, 1};
  __wasi_size_t moved = 99;
  __wasi_filesize_t at = 0;
  __wasi_fdstat_t stat;
  __wasi_prestat_t prestat;
  __wasi_fd_t fd = 0;
  __wasi_filestat_t filestat;
  ERRNO("fd_read_0", __wasi_fd_read(0, &into, 1, &moved));
  VALUE("fd_read_0_bytes", "%u", (unsigned)moved);
  ERRNO("fd_read_1", __wasi_fd_read(1, &into, 1, &moved));
  ERRNO("fd_write_0", __wasi_fd_write(0, &from, 1, &moved));
  ERRNO("fd_write_3", __wasi_fd_write(3, &from, 1, &moved));
  ERRNO("fd_write_none", __wasi_fd_write(1, &from, 0, &moved));
  ERRNO("fd_fdstat_get_1", __wasi_fd_fdstat_get(1, &stat));
  ERRNO("fd_fdstat_get_3", __wasi_fd_fdstat_get(3, &stat));
  ERRNO("fd_seek_1", __wasi_fd_seek(1, 0, __WASI_WHENCE_CUR, &at));
  ERRNO("fd_prestat_get_3", __wasi_fd_prestat_get(3, &prestat));
  ERRNO("fd_close_3", __wasi_fd_close(3));
  ERRNO("fd_filestat_get_3", __wasi_fd_filestat_get(3, &filestat));
  ERRNO("path_open_3", __wasi_path_open(3, 0, "x", 0, 0, 0, 0, &fd));
  ERRNO("path_unlink_file_3", __wasi_path_unlink_file(3, "x"));
  ERRNO("sock_shutdown_3", __wasi_sock_shutdown(3, 0));
  FILE* file = fopen("/etc/passwd", "r");
  VALUE("fopen", "%s", file ? "true" : "false");
  VALUE("initialized", "%d}", initialized);
  return answer((text){out, (uint32_t)n});
}

// JSON's \n and \" in place; enough for the tests.
static text unescaped(text t) {
  char* out = (char*)t.at;
  uint32_t n = 0;
  for (uint32_t i = 0; i < t.size; i++) {
    if (t.at[i] == '\\') out[n++] = t.at[++i] == 'n' ? '\n' : t.at[i];
    else out[n++] = t.at[i];
  }
  return (text){out, n};
}

static uint64_t handle(text method, text input) {
  if (same(method, TEXT("probe"))) return probe();
  if (same(method, TEXT("print"))) {
    const text t = unescaped(unquoted(field(input, TEXT("text"))));
    const text to = field(input, TEXT("fd"));
    const ssize_t written = write(to.size ? (int)number(to) : 1, t.at, t.size);
    return answer_number(written);
  }
  if (same(method, TEXT("longLine"))) {
    const int64_t n = number(field(input, TEXT("n")));
    for (int64_t i = 0; i < n; i++) putchar('x');
    putchar('\n');
    fflush(stdout);
    return answer_number(n);
  }
  if (same(method, TEXT("sleep"))) {
    const int64_t ms = number(field(input, TEXT("ms")));
    const struct timespec t = {ms / 1000, (long)(ms % 1000) * 1000000};
    return answer_number(nanosleep(&t, 0));
  }
  if (same(method, TEXT("exit"))) _Exit((int)number(field(input, TEXT("code"))));
  if (same(method, TEXT("abort"))) abort();
  return 0;
}
