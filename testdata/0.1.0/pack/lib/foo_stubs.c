#include <caml/mlvalues.h>
extern int foo_val(void), bar_a(void), own_val(void);
value foo_v(value u) { (void)u; return Val_int(foo_val() + bar_a() + own_val()); }
