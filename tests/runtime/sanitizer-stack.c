/*
 * Preloaded when the CPU runtime's tests run with sanitizers. Bun sets a signal stack whose address AddressSanitizer cannot
 * take, and ends the process over it whenever llama.cpp throws; so there is no signal stack.
 */
#include <signal.h>

int sigaltstack(const stack_t *set, stack_t *old) {
  (void)set;
  if (old) *old = (stack_t){.ss_flags = SS_DISABLE};
  return 0;
}
