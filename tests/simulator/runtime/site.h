// site.h: a line of a kernel, for messages.
#pragma once

namespace simulator {

/// As a default argument, `Site::here()` is the line of the call.
struct Site {
  const char* file = "";
  int line = 0;
  static constexpr Site here(const char* file = __builtin_FILE(), int line = __builtin_LINE()) {
    return {file, line};
  }
  bool operator==(const Site& other) const { return file == other.file && line == other.line; }
  bool operator!=(const Site& other) const { return !(*this == other); }
};

}  // namespace simulator
