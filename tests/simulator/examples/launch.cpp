// launch.cpp: launches one kernel of a PTX file through the driver's calls.
//
//   launch FILE.ptx KERNEL BLOCKS THREADS SHARED_BYTES ARGUMENT...
//
// Arguments: out:N a buffer of N floats, printed afterwards, one a line; in:V,V,... a buffer of these;
// int:V, float:V; pointer:V an address as it is; line:LENGTH,STEP,OFFSET the struct of examples.cu.
// Exits with 1 and the error's name where a call fails.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

extern "C" {
int cuInit(unsigned);
int cuDevicePrimaryCtxRetain(void**, int);
int cuCtxSetCurrent(void*);
int cuModuleLoad(void**, const char*);
int cuModuleGetFunction(void**, void*, const char*);
int cuMemAlloc_v2(uint64_t*, size_t);
int cuMemcpyHtoD_v2(uint64_t, const void*, size_t);
int cuMemcpyDtoH_v2(void*, uint64_t, size_t);
int cuLaunchKernel(void*, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, void*, void**, void**);
int cuGetErrorName(int, const char**);
}

static void check(int status, const char* call) {
  if (status == 0) return;
  const char* name = "";
  cuGetErrorName(status, &name);
  fprintf(stderr, "%s: %s\n", call, name);
  exit(1);
}
#define CHECK(call) check(call, #call)

static std::vector<float> numbers(const char* text) {
  std::vector<float> values;
  for (char* end; *text != 0; text = *end == ',' ? end + 1 : end) {
    values.push_back(strtof(text, &end));
    if (end == text) exit(2);
  }
  return values;
}

static uint64_t upload(const std::vector<float>& values) {
  uint64_t pointer = 0;
  CHECK(cuMemAlloc_v2(&pointer, 4 * values.size()));
  CHECK(cuMemcpyHtoD_v2(pointer, values.data(), 4 * values.size()));
  return pointer;
}

int main(int count, char** words) {
  if (count < 6) return 2;
  void *context = nullptr, *module = nullptr, *kernel = nullptr;
  CHECK(cuInit(0));
  CHECK(cuDevicePrimaryCtxRetain(&context, 0));
  CHECK(cuCtxSetCurrent(context));
  CHECK(cuModuleLoad(&module, words[1]));
  CHECK(cuModuleGetFunction(&kernel, module, words[2]));

  struct Output { uint64_t pointer; size_t length; };
  std::vector<Output> outputs;
  std::vector<std::vector<char>> arguments;
  auto add = [&](const void* value, size_t bytes) {
    arguments.emplace_back(static_cast<const char*>(value), static_cast<const char*>(value) + bytes);
  };
  for (int word = 6; word < count; word++) {
    const std::string text = words[word];
    const std::string kind = text.substr(0, text.find(':'));
    const char* value = words[word] + kind.size() + 1;
    if (kind == "out") {
      Output output = {0, strtoul(value, nullptr, 10)};
      CHECK(cuMemAlloc_v2(&output.pointer, 4 * output.length));
      outputs.push_back(output);
      add(&output.pointer, 8);
    } else if (kind == "in") {
      const uint64_t pointer = upload(numbers(value));
      add(&pointer, 8);
    } else if (kind == "int") {
      const int number = atoi(value);
      add(&number, 4);
    } else if (kind == "float") {
      const float number = strtof(value, nullptr);
      add(&number, 4);
    } else if (kind == "pointer") {
      const uint64_t pointer = strtoull(value, nullptr, 0);
      add(&pointer, 8);
    } else if (kind == "line") {
      const std::vector<float> fields = numbers(value);
      if (fields.size() != 3) return 2;
      struct { int length; float step; uint64_t offset; } line = {int(fields[0]), fields[1], upload({fields[2]})};
      add(&line, sizeof line);
    } else {
      return 2;
    }
  }
  std::vector<void*> pointers;
  for (auto& argument : arguments) pointers.push_back(argument.data());
  CHECK(cuLaunchKernel(kernel, unsigned(atoi(words[3])), 1, 1, unsigned(atoi(words[4])), 1, 1, unsigned(atoi(words[5])),
                       nullptr, pointers.data(), nullptr));
  for (const Output& output : outputs) {
    std::vector<float> values(output.length);
    CHECK(cuMemcpyDtoH_v2(values.data(), output.pointer, 4 * output.length));
    for (float value : values) printf("%.9g\n", double(value));
  }
}
