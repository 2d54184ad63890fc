// What every C test guest shares: an allocator whose free works, and just enough JSON to read a payload.
// Internal to the tests; a guest that is meant to be read by people uses kits/.
#pragma once
#include <stddef.h>
#include <stdint.h>

#define EXPORT(name) __attribute__((export_name(name)))
#define IMPORT(module, name) __attribute__((import_module(module), import_name(name)))
#define ERROR_BIT (UINT64_C(1) << 63)

#ifdef __wasi__  // with libc
#include <stdlib.h>
#include <string.h>
EXPORT("allocate") void* allocate(uint32_t size) { return malloc(size); }
EXPORT("deallocate") void deallocate(void* pointer) { free(pointer); }
#else
// Without libc the compiler still calls these.
void* memcpy(void* restrict to, const void* restrict from, size_t n) {
  __builtin_memcpy(to, from, n);  // one memory.copy instruction with -mbulk-memory
  return to;
}
void* memset(void* to, int byte, size_t n) {
  __builtin_memset(to, byte, n);
  return to;
}
int memcmp(const void* a, const void* b, size_t n) {
  const unsigned char *x = a, *y = b;
  for (size_t i = 0; i < n; i++)
    if (x[i] != y[i]) return x[i] - y[i];
  return 0;
}

// Blocks of a power of two (16 bytes to 1 GiB), freed ones kept in a list for each size; new ones come from the end of the
// memory, which grows. Nothing is ever given back, so what a guest holds is bounded by twice its largest moment.
typedef struct block {
  struct block* next;
  uint32_t class;
  uint32_t unused;
} block;
extern unsigned char __heap_base;
static block* free_blocks[31];
static uintptr_t heap_end;

EXPORT("allocate") void* allocate(uint32_t size) {
  if (size > (UINT32_C(1) << 30) - sizeof(block)) return 0;
  const uint32_t need = size + (uint32_t)sizeof(block);
  const uint32_t class = need <= 16 ? 4 : 32 - (uint32_t)__builtin_clz(need - 1);
  block* b = free_blocks[class];
  if (b) {
    free_blocks[class] = b->next;
    return b + 1;
  }
  if (!heap_end) heap_end = ((uintptr_t)&__heap_base + 15) & ~(uintptr_t)15;
  const uint64_t end = (uint64_t)heap_end + (UINT64_C(1) << class);
  const uint64_t have = (uint64_t)__builtin_wasm_memory_size(0) << 16;
  if (end > have && __builtin_wasm_memory_grow(0, (size_t)((end - have + 65535) >> 16)) == (size_t)-1) return 0;
  b = (block*)heap_end;
  heap_end = (uintptr_t)end;
  b->class = class;
  return b + 1;
}

EXPORT("deallocate") void deallocate(void* pointer) {
  if (!pointer) return;
  block* b = (block*)pointer - 1;
  b->next = free_blocks[b->class];
  free_blocks[b->class] = b;
}
#endif

// A piece of text in the guest's memory.
typedef struct {
  const char* at;
  uint32_t size;
} text;
#define TEXT(literal) ((text){(literal), sizeof(literal) - 1})

static inline int same(text a, text b) { return a.size == b.size && !__builtin_memcmp(a.at, b.at, a.size); }
static inline uint64_t answer(text t) { return (uint64_t)(uintptr_t)t.at << 32 | t.size; }

// A copy on the heap, because the host frees what it is given.
static inline uint64_t answer_copy(text t) {
  char* to = allocate(t.size);
  if (!to) __builtin_trap();
  memcpy(to, t.at, t.size);
  return answer((text){to, t.size});
}

// The raw JSON of a field of the payload's object, size 0 where it is missing. The host has validated the payload, so
// this only has to find its way, not to check.
static inline text field(text object, text name) {
  int depth = 0, is_key = 0;
  for (uint32_t i = 0; i < object.size;) {
    const char c = object.at[i++];
    if (c == '{' || c == '[') is_key = ++depth == 1;
    if (c == '}' || c == ']') depth--;
    if (c == ',') is_key = depth == 1;
    if (c != '"') continue;
    const uint32_t begin = i;
    while (object.at[i] != '"') i += object.at[i] == '\\' ? 2 : 1;
    const text key = {object.at + begin, i++ - begin};
    if (!is_key || depth != 1) continue;
    is_key = 0;
    if (!same(key, name)) continue;
    while (object.at[i] != ':') i++;
    do i++;
    while (object.at[i] == ' ' || object.at[i] == '\n' || object.at[i] == '\r' || object.at[i] == '\t');
    const uint32_t value = i;
    for (int nested = 0; i < object.size; i++) {
      const char v = object.at[i];
      if (v == '"')
        for (i++; object.at[i] != '"';) i += object.at[i] == '\\' ? 2 : 1;
      else if (v == '{' || v == '[')
        nested++;
      else if (nested == 0 && (v == ',' || v == '}'))
        break;
      else if (v == '}' || v == ']')
        nested--;
    }
    while (i > value && (object.at[i - 1] == ' ' || object.at[i - 1] == '\n' || object.at[i - 1] == '\r' ||
                         object.at[i - 1] == '\t'))
      i--;
    return (text){object.at + value, i - value};
  }
  return (text){0, 0};
}

// A string's characters between its quotes, escapes left as they are.
static inline text unquoted(text json) {
  return json.size < 2 || *json.at != '"' ? (text){0, 0} : (text){json.at + 1, json.size - 2};
}

static inline int64_t number(text json) {
  int64_t n = 0;
  uint32_t i = json.size && *json.at == '-';
  for (const uint32_t negative = i;; i++)
    if (i >= json.size || json.at[i] < '0' || json.at[i] > '9')
      return negative ? -n : n;
    else
      n = n * 10 + (json.at[i] - '0');
}

static inline uint64_t answer_number(int64_t n) {
  char digits[24];
  uint32_t i = sizeof digits;
  uint64_t rest = n < 0 ? -(uint64_t)n : (uint64_t)n;
  do digits[--i] = (char)('0' + rest % 10);
  while (rest /= 10);
  if (n < 0) digits[--i] = '-';
  return answer_copy((text){digits + i, (uint32_t)sizeof digits - i});
}

// A guest is this one function.
static uint64_t handle(text method, text input);

EXPORT("handle_request")
uint64_t handle_request(const char* method, uint32_t method_size, const char* input, uint32_t input_size) {
  return handle((text){method, method_size}, (text){input, input_size});
}
