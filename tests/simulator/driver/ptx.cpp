// ptx.cpp: reading `.version`, `.target` and `.entry` directives.
#include "ptx.h"

#include <cctype>
#include <cstdio>
#include <cstdlib>
#include <map>

namespace simulator {

/// Words and single signs, without blanks and comments.
class Tokens {
 public:
  explicit Tokens(const std::string& text) : text_(text) {}
  /// The next token, empty at the end.
  std::string next() {
    skip_blanks();
    if (at_ >= text_.size()) return "";
    const size_t begin = at_++;
    if (word_sign(text_[begin])) {
      while (at_ < text_.size() && word_sign(text_[at_])) at_++;
    } else if (text_[begin] == '"') {
      while (at_ < text_.size() && text_[at_++] != '"') {}
    }
    return text_.substr(begin, at_ - begin);
  }

 private:
  static bool word_sign(char sign) {
    return isalnum((unsigned char)sign) || sign == '_' || sign == '$' || sign == '.' || sign == '%';
  }
  void skip_blanks() {
    for (;;) {
      while (at_ < text_.size() && isspace((unsigned char)text_[at_])) at_++;
      if (text_.compare(at_, 2, "//") == 0) {
        while (at_ < text_.size() && text_[at_] != '\n') at_++;
      } else if (text_.compare(at_, 2, "/*") == 0) {
        const size_t end = text_.find("*/", at_ + 2);
        at_ = end == std::string::npos ? text_.size() : end + 2;
      } else {
        return;
      }
    }
  }
  const std::string& text_;
  size_t at_ = 0;
};

static size_t bytes_of(const std::string& type) {
  static const std::map<std::string, size_t> sizes = {
      {".b8", 1},  {".u8", 1},  {".s8", 1},  {".b16", 2}, {".u16", 2}, {".s16", 2}, {".f16", 2},
      {".b32", 4}, {".u32", 4}, {".s32", 4}, {".f32", 4}, {".b64", 8}, {".u64", 8}, {".s64", 8},
      {".f64", 8}};
  const auto found = sizes.find(type);
  return found == sizes.end() ? 0 : found->second;
}

/// `.param .u64 name`, `.param .u64 .ptr .align 1 name`, `.param .align 8 .b8 name[24]`, up to `)`.
static bool parse_parameters(Tokens& tokens, PtxKernel& kernel, std::string& problem) {
  size_t element = 0, alignment = 0, length = 1;
  bool pointer = false, open = false;
  for (;;) {
    const std::string token = tokens.next();
    if (token.empty()) {
      problem = "the parameter list of " + kernel.name + " does not end";
      return false;
    }
    if (token == ".param") {
      element = alignment = 0;
      length = 1;
      pointer = false;
      open = true;
    } else if (token == ".ptr") {
      pointer = true;  // a following `.align` is that of what it points to
    } else if (token == ".align") {
      const size_t stated = strtoull(tokens.next().c_str(), nullptr, 10);
      if (!pointer) alignment = stated;
    } else if (token == "[") {
      length = strtoull(tokens.next().c_str(), nullptr, 10);
    } else if (token == "," || token == ")") {
      if (open) {
        if (element == 0) {
          problem = "a parameter of " + kernel.name + " has no type that is known here";
          return false;
        }
        kernel.parameters.push_back({element * length, alignment != 0 ? alignment : element});
      }
      open = false;
      if (token == ")") return true;
    } else if (bytes_of(token) != 0) {
      element = bytes_of(token);
    }
  }
}

bool parse_ptx(const std::string& text, PtxModule& module, std::string& problem) {
  Tokens tokens(text);
  int depth = 0;
  std::string token = tokens.next();
  while (!token.empty()) {
    std::string following;
    if (token == "{") depth++;
    if (token == "}") depth--;
    if (token == ".version") {
      int major = 0, minor = 0;
      sscanf(tokens.next().c_str(), "%d.%d", &major, &minor);
      module.version = 10 * major + minor;
    } else if (token == ".target") {
      sscanf(tokens.next().c_str(), "sm_%d", &module.target);
    } else if (token == ".entry" && depth == 0) {
      PtxKernel kernel;
      kernel.name = tokens.next();
      std::string sign = tokens.next();
      if (sign == "(") {
        if (!parse_parameters(tokens, kernel, problem)) return false;
        sign = tokens.next();
      }
      for (; !sign.empty() && sign != "{" && sign != ";"; sign = tokens.next()) {
        if (sign != ".maxntid") continue;
        kernel.most_threads = 1;
        do {
          kernel.most_threads *= unsigned(strtoul(tokens.next().c_str(), nullptr, 10));
          sign = tokens.next();
        } while (sign == ",");
        if (sign == "{" || sign == ";") break;
      }
      module.kernels.push_back(kernel);
      following = sign;  // the brace counts
    }
    token = following.empty() ? tokens.next() : following;
  }
  if (module.version == 0 || module.target == 0) {
    problem = "no .version or no .target: the image is no PTX";
    return false;
  }
  return true;
}

}  // namespace simulator
