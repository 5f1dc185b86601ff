/* Preloaded into the processes of one "host": a wrong clock, and no flock.
 * SHIM_SKEW: seconds that its wall clock is ahead. SHIM_NO_FLOCK: flock fails as on mounts without.
 * Steady clocks stay right, as they do on a host whose wall clock is wrong. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>

static long skew(void) {
  const char *text = getenv("SHIM_SKEW");
  return text ? atol(text) : 0;
}

int clock_gettime(clockid_t clock, struct timespec *moment) {
  static int (*real)(clockid_t, struct timespec *);
  if (!real) real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
  int code = real(clock, moment);
  if (!code && clock == CLOCK_REALTIME) moment->tv_sec += skew();
  return code;
}

int gettimeofday(struct timeval *moment, void *zone) {
  struct timespec now;
  (void)zone;
  clock_gettime(CLOCK_REALTIME, &now);
  moment->tv_sec = now.tv_sec;
  moment->tv_usec = now.tv_nsec / 1000;
  return 0;
}

time_t time(time_t *place) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (place) *place = now.tv_sec;
  return now.tv_sec;
}

int flock(int file, int operation) {
  static int (*real)(int, int);
  if (getenv("SHIM_NO_FLOCK")) {
    errno = ENOLCK;
    return -1;
  }
  if (!real) real = (int (*)(int, int))dlsym(RTLD_NEXT, "flock");
  return real(file, operation);
}
