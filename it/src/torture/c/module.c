/* What modinfo(8) says of a test kernel's module. */

__attribute__((section(".modinfo"), used)) static const char info[] =
    "license=GPL\0depends=" DEPENDS "\0name=" NAME "\0vermagic=6.14.2 SMP";

int init_module(void) {
  return 0;
}
