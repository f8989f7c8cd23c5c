// settings.cpp: reading the environment.
#include "settings.h"

#include <cstdio>
#include <cstdlib>
#include <algorithm>
#include <cstring>

namespace simulator {

[[noreturn]] static void refuse(const char* name, const char* value, const char* wanted) {
  fprintf(stderr, "simulator: %s is \"%s\", not %s\n", name, value, wanted);
  exit(2);
}

/// A count of at most `most`; `fallback` where the variable is not set.
static unsigned long long count(const char* name, unsigned long long fallback, unsigned long long most) {
  const char* value = getenv(name);
  if (value == nullptr) return fallback;
  char* end = nullptr;
  const unsigned long long number = strtoull(value, &end, 10);
  if (*value == 0 || *end != 0 || number > most) refuse(name, value, "a number in range");
  return number;
}

static Settings read() {
  Settings s;
  s.devices = int(count("RADARS_SIMULATOR_DEVICES", unsigned(s.devices), 16));
  s.capacity = size_t(count("RADARS_SIMULATOR_CAPACITY", s.capacity, 1ull << 46));
  s.workers = unsigned(count("RADARS_SIMULATOR_WORKERS", s.workers, 256));
  s.trace = count("RADARS_SIMULATOR_TRACE", 0, 1) == 1;
  if (const char* value = getenv("RADARS_SIMULATOR_CAPABILITY")) {
    char end = 0;
    if (sscanf(value, "%d.%d%c", &s.major, &s.minor, &end) != 2) {
      refuse("RADARS_SIMULATOR_CAPABILITY", value, "of the form 8.0");
    }
  }
  if (const char* value = getenv("RADARS_SIMULATOR_ORDER")) {
    s.backwards = strcmp(value, "backwards") == 0;
    if (!s.backwards && strcmp(value, "forwards") != 0) {
      refuse("RADARS_SIMULATOR_ORDER", value, "forwards or backwards");
    }
  }
  if (const char* value = getenv("RADARS_SIMULATOR_KERNELS")) {
    const std::string list = value;
    for (size_t begin = 0; begin < list.size();) {
      const size_t end = std::min(list.find(':', begin), list.size());
      if (end > begin) s.kernels.push_back(list.substr(begin, end - begin));
      begin = end + 1;
    }
  }
  return s;
}

const Settings& settings() {
  static const Settings read_once = read();
  return read_once;
}

}  // namespace simulator
