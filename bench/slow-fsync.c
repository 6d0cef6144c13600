/* Loaded before the C library: every sync to the disk takes SLOW_FSYNC_US microseconds more. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <unistd.h>

static void wait_longer(void) {
  static long microseconds = -1;
  if (microseconds < 0) {
    const char *text = getenv("SLOW_FSYNC_US");
    microseconds = text ? atol(text) : 0;
  }
  if (microseconds > 0) usleep(microseconds);
}

static int sync_then(const char *name, int descriptor) {
  int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
  wait_longer();
  return real(descriptor);
}

int fsync(int descriptor) { return sync_then("fsync", descriptor); }
int fdatasync(int descriptor) { return sync_then("fdatasync", descriptor); }
