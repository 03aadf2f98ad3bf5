#include <stdint.h>
#include <caml/alloc.h>
#include <caml/memory.h>
#include <caml/mlvalues.h>

/* Defined by rust/, which the program links. */
#define DECLARE(g)                                                             \
  void bls12_381_##g##_generator(uint8_t *out);                                \
  int32_t bls12_381_##g##_valid(const uint8_t *point);                         \
  int32_t bls12_381_##g##_mul(const uint8_t *point, uint64_t n, uint8_t *out); \
  int32_t bls12_381_##g##_add(const uint8_t *a, const uint8_t *b, uint8_t *out);
DECLARE(g1)
DECLARE(g2)
int32_t bls12_381_pairing_equal(const uint8_t *a, const uint8_t *b,
                                const uint8_t *c, const uint8_t *d);
void bls12_381_set_max_log_level(int32_t level);
int32_t bls12_381_max_log_level(void);

/* The Rust functions neither allocate in OCaml's heap nor call back. */
#define DEFINE(g, len)                                                         \
  CAMLprim value caml_bls12_381_##g##_generator(value unit) {                  \
    CAMLparam1(unit);                                                          \
    CAMLlocal1(out);                                                           \
    out = caml_alloc_string(len);                                              \
    bls12_381_##g##_generator(Bytes_val(out));                                 \
    CAMLreturn(out);                                                           \
  }                                                                            \
  CAMLprim value caml_bls12_381_##g##_valid(value point) {                     \
    return Val_bool(bls12_381_##g##_valid(Bytes_val(point)));                  \
  }                                                                            \
  CAMLprim value caml_bls12_381_##g##_mul(value point, value n) {              \
    CAMLparam2(point, n);                                                      \
    CAMLlocal1(out);                                                           \
    out = caml_alloc_string(len);                                              \
    bls12_381_##g##_mul(Bytes_val(point), Int64_val(n), Bytes_val(out));       \
    CAMLreturn(out);                                                           \
  }                                                                            \
  CAMLprim value caml_bls12_381_##g##_add(value a, value b) {                  \
    CAMLparam2(a, b);                                                          \
    CAMLlocal1(out);                                                           \
    out = caml_alloc_string(len);                                              \
    bls12_381_##g##_add(Bytes_val(a), Bytes_val(b), Bytes_val(out));           \
    CAMLreturn(out);                                                           \
  }
DEFINE(g1, 48)
DEFINE(g2, 96)

CAMLprim value caml_bls12_381_pairing_equal(value a, value b, value c, value d) {
  return Val_bool(bls12_381_pairing_equal(Bytes_val(a), Bytes_val(b), Bytes_val(c), Bytes_val(d)));
}

CAMLprim value caml_bls12_381_set_max_log_level(value level) {
  bls12_381_set_max_log_level(Int_val(level));
  return Val_unit;
}

CAMLprim value caml_bls12_381_max_log_level(value unit) {
  (void)unit;
  return Val_int(bls12_381_max_log_level());
}
