// module.cpp: modules from real PTX. A kernel's instructions are not read: its compiled `.cu`
// counterpart runs instead, once both agree on the parameter list.
#include <dlfcn.h>

#include <cstdio>
#include <fstream>
#include <map>
#include <memory>
#include <sstream>
#include <vector>

#include "driver.h"
#include "function.h"
#include "ptx.h"

using namespace simulator;

namespace {

struct Module {
  Device* device;
  std::map<std::string, std::unique_ptr<Function>> functions;
};

/// Every kernel of the compiled `.cu` files, by name.
const std::map<std::string, const Kernel*>& compiled_kernels() {
  static const auto kernels = [] {
    std::map<std::string, const Kernel*> found;
    for (const std::string& path : settings().kernels) {
      void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
      if (library == nullptr) {
        refuse(kInvalidImage, "%s", dlerror());
        continue;
      }
      const auto list = reinterpret_cast<KernelList>(dlsym(library, "simulator_kernels"));
      if (list == nullptr) {
        refuse(kInvalidImage, "%s: no list of kernels", path.c_str());
        continue;
      }
      for (const Kernel& kernel : list()) found[kernel.name] = &kernel;
    }
    return found;
  }();
  return kernels;
}

/// Why the PTX kernel is not the compiled one, or nothing.
std::string difference(const PtxKernel& ptx, const Kernel& compiled) {
  std::ostringstream text;
  if (ptx.parameters.size() != compiled.parameters.size()) {
    text << "the PTX has " << ptx.parameters.size() << " parameters, the .cu file "
         << compiled.parameters.size();
    return text.str();
  }
  for (size_t at = 0; at < ptx.parameters.size(); at++) {
    const PtxParameter& a = ptx.parameters[at];
    const Parameter& b = compiled.parameters[at];
    if (a.bytes == b.bytes && a.alignment == b.alignment) continue;
    text << "parameter " << at << " has " << a.bytes << " bytes aligned to " << a.alignment
         << " in the PTX, and " << b.bytes << " aligned to " << b.alignment << " in the .cu file";
    return text.str();
  }
  return "";
}

int load(void** handle, const std::string& text) {
  const int status = context_status();
  if (status != kSuccess) return status;
  PtxModule ptx;
  std::string problem;
  if (!parse_ptx(text, ptx, problem)) return refuse(kInvalidPtx, "%s", problem.c_str());
  if (ptx.version > 80) {
    return refuse(kUnsupportedPtxVersion, "PTX ISA %d.%d is newer than this driver's 8.0", ptx.version / 10,
                  ptx.version % 10);
  }
  if (ptx.target > settings().major * 10 + settings().minor) {
    return refuse(kNoBinaryForDevice, "PTX for sm_%d on a device of compute capability %d.%d", ptx.target,
                  settings().major, settings().minor);
  }
  auto module = std::make_unique<Module>();
  module->device = current_device();
  for (const PtxKernel& kernel : ptx.kernels) {
    const auto compiled = compiled_kernels().find(kernel.name);
    if (compiled == compiled_kernels().end()) {
      return refuse(kInvalidPtx, "no compiled .cu file has the kernel %s of this PTX", kernel.name.c_str());
    }
    problem = difference(kernel, *compiled->second);
    if (!problem.empty()) {
      return refuse(kInvalidPtx, "kernel %s: %s; compile the PTX anew", kernel.name.c_str(), problem.c_str());
    }
    module->functions[kernel.name] =
        std::make_unique<Function>(Function{module->device, compiled->second, int(kernel.most_threads)});
  }
  *handle = module.release();
  return kSuccess;
}

}  // namespace

DRIVER_CALL cuModuleLoadData(void** module, const void* image) {
  DRIVER_TRACE();
  return load(module, static_cast<const char*>(image));
}

DRIVER_CALL cuModuleLoadDataEx(void** module, const void* image, unsigned, int*, void**) {
  return cuModuleLoadData(module, image);
}

DRIVER_CALL cuModuleLoad(void** module, const char* path) {
  DRIVER_TRACE();
  std::ifstream file(path);
  if (!file) return 301;  // CUDA_ERROR_FILE_NOT_FOUND
  std::ostringstream text;
  text << file.rdbuf();
  return load(module, text.str());
}

DRIVER_CALL cuModuleUnload(void* module) {
  DRIVER_TRACE();
  delete static_cast<Module*>(module);
  return kSuccess;
}

DRIVER_CALL cuModuleGetFunction(void** function, void* module, const char* name) {
  DRIVER_TRACE();
  auto& functions = static_cast<Module*>(module)->functions;
  const auto found = functions.find(name);
  if (found == functions.end()) return refuse(kNotFound, "the module has no kernel %s", name);
  *function = found->second.get();
  return kSuccess;
}

DRIVER_CALL cuModuleGetGlobal_v2(DevicePointer*, size_t*, void*, const char* name) {
  DRIVER_TRACE();
  return refuse(kNotFound, "variables of a module are not simulated: %s", name);
}
