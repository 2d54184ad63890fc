// Keeps counters, accounts and one register in its state, for tests/crash: each request leaves a trace that tells whether it was
// applied, how often, and whole.
#include "guest.h"

IMPORT("waggle", "call") uint64_t waggle_call(const char* service, uint32_t service_size, const char* method, uint32_t method_size,
                                              const char* input, uint32_t input_size, char* out, uint32_t capacity);
IMPORT("waggle", "rest") uint32_t waggle_rest(char* out, uint32_t capacity);

static char request[4096];
static uint32_t request_size;
static char reply[4096];

static void add(text t) {
  if (t.size > sizeof request - request_size) __builtin_trap();
  memcpy(request + request_size, t.at, t.size);
  request_size += t.size;
}

static void add_number(int64_t n, uint32_t width) {
  char digits[24];
  uint32_t i = sizeof digits;
  uint64_t rest = n < 0 ? -(uint64_t)n : (uint64_t)n;
  do digits[--i] = (char)('0' + rest % 10);
  while (rest /= 10);
  while (sizeof digits - i < width) digits[--i] = '0';
  if (n < 0) digits[--i] = '-';
  add((text){digits + i, (uint32_t)sizeof digits - i});
}

static void begin(text input) {
  request_size = 0;
  add(input);
}

static uint64_t failure;

// Sends what was added; the answer, or nothing where `failure` was set to the error.
static text send(text method) {
  const text service = TEXT("waggle.state.v1.State");
  const uint64_t r = waggle_call(service.at, service.size, method.at, method.size, request, request_size, reply, sizeof reply);
  text got = {reply, (uint32_t)r};
  if (got.size > sizeof reply) {
    char* large = allocate(got.size);
    if (!large || waggle_rest(large, got.size) != got.size) __builtin_trap();
    got.at = large;
  }
  if (!(r >> 32)) return got;
  const text before = TEXT("{\"error\":");
  char* out = allocate(before.size + got.size + 1);
  if (!out) __builtin_trap();
  memcpy(out, before.at, before.size);
  memcpy(out + before.size, got.at, got.size);
  out[before.size + got.size] = '}';
  failure = ERROR_BIT | answer((text){out, before.size + got.size + 1});
  return (text){0, 0};
}

static int64_t get_number(text prefix, text name) {
  begin(TEXT("{\"key\":\""));
  add(prefix);
  add(name);
  add(TEXT("\"}"));
  const text got = send(TEXT("get"));
  return got.size && *got.at == '{' ? number(field(got, TEXT("value"))) : 0;
}

static void put_number(text prefix, text name, int64_t value) {
  begin(TEXT("{\"key\":\""));
  add(prefix);
  add(name);
  add(TEXT("\",\"value\":"));
  add_number(value, 1);
  add(TEXT("}"));
  send(TEXT("put"));
}

// The counter's new value, noted with the request's token below the counter's log.
static uint64_t increment(text counter, text token) {
  begin(TEXT("{\"key\":\"count/"));
  add(counter);
  add(TEXT("\"}"));
  const int64_t n = number(send(TEXT("increment")));
  if (failure) return failure;
  begin(TEXT("{\"key\":\"log/"));
  add(counter);
  add(TEXT("/"));
  add_number(n, 12);
  add(TEXT("\",\"value\":\""));
  add(token);
  add(TEXT("\"}"));
  send(TEXT("put"));
  return failure ? failure : answer_number(n);
}

static uint64_t transfer(text from, text to, int64_t amount, text move) {
  const text account = TEXT("account/");
  const int64_t a = get_number(account, from);
  if (failure) return failure;
  const int64_t b = get_number(account, to);
  if (failure) return failure;
  put_number(account, from, a - amount);
  if (failure) return failure;
  put_number(account, to, b + amount);
  if (failure) return failure;
  begin(TEXT("{\"key\":\"move/"));
  add(move);
  add(TEXT("\",\"value\":\""));
  add(from);
  add(TEXT(" "));
  add(to);
  add(TEXT(" "));
  add_number(amount, 1);
  add(TEXT("\"}"));
  send(TEXT("put"));
  return failure ? failure : answer_copy(TEXT("true"));
}

static uint64_t entries(text prefix, text after) {
  begin(TEXT("{\"first\":1000,\"prefix\":\""));
  add(prefix);
  add(TEXT("\""));
  if (after.size) {
    add(TEXT(",\"after\":"));
    add(after);
  }
  add(TEXT("}"));
  const text got = send(TEXT("list"));
  return failure ? failure : got.at == reply ? answer_copy(got) : answer(got);
}

// `steps` is one character each: g a get, p a put of `value`, i an increment by 1, l a list of all; then the key, one character.
// Answers what each gave.
static uint64_t steps(text all, int64_t value) {
  static char out[4096];
  uint32_t size = 0;
  out[size++] = '[';
  for (uint32_t i = 0; i + 1 < all.size; i += 2) {
    const text key = {all.at + i + 1, 1};
    text got = TEXT("null");
    switch (all.at[i]) {
      case 'p': put_number(TEXT("cell/"), key, value); break;
      case 'g':
      case 'i':
        begin(TEXT("{\"key\":\"cell/"));
        add(key);
        add(TEXT("\"}"));
        got = send(all.at[i] == 'g' ? TEXT("get") : TEXT("increment"));
        break;
      default:
        begin(TEXT("{\"prefix\":\"cell/\"}"));
        got = send(TEXT("list"));
    }
    if (failure) return failure;
    if (got.size + 2 > sizeof out - size) __builtin_trap();
    if (i) out[size++] = ',';
    memcpy(out + size, got.at, got.size);
    size += got.size;
  }
  out[size++] = ']';
  return answer_copy((text){out, size});
}

// The register lies in the guest's memory; the state is read once in an instance's life.
static int64_t value;
static int loaded;

static uint64_t use_register(text method, text input) {
  if (!loaded) {
    value = get_number(TEXT("register"), TEXT(""));
    if (failure) return failure;
    loaded = 1;
  }
  if (same(method, TEXT("read"))) return answer_number(value);
  if (same(method, TEXT("cas")) && number(field(input, TEXT("from"))) != value) return answer_copy(TEXT("false"));
  const int64_t before = value;
  value = number(field(input, TEXT("to")));
  put_number(TEXT("register"), TEXT(""), value);
  if (failure) value = before;
  return failure ? failure : answer_copy(TEXT("true"));
}

static uint64_t handle(text method, text input) {
  failure = 0;
  if (same(method, TEXT("increment")) || same(method, TEXT("incrementOnce")))
    return increment(unquoted(field(input, TEXT("counter"))), unquoted(field(input, TEXT("token"))));
  if (same(method, TEXT("transfer")))
    return transfer(unquoted(field(input, TEXT("from"))), unquoted(field(input, TEXT("to"))), number(field(input, TEXT("amount"))),
                    unquoted(field(input, TEXT("move"))));
  if (same(method, TEXT("entries"))) return entries(unquoted(field(input, TEXT("prefix"))), field(input, TEXT("after")));
  if (same(method, TEXT("steps"))) return steps(unquoted(field(input, TEXT("steps"))), number(field(input, TEXT("value"))));
  return use_register(method, input);
}
