/** Whether a model could not be opened for want of memory: the library's return code does not say, what it prints does. */

/**
 * Rockchip's library on memory of the NPU and of the machine, the C++ runtime, llama.cpp.
 * source: reports of users of librkllmrt.so; llama.cpp ggml/src/ggml-backend.cpp
 */
const SAID = /failed to (?:malloc|allocate)|unable to allocate|cannot allocate memory|insufficient memory|out of memory|std::bad_alloc/i;

/** Tells by the library's last lines, and by the signal with which the kernel ends who takes too much. */
export function lacksMemory(outputTail: readonly string[], how = ""): boolean {
  return how === "signal SIGKILL" || outputTail.some((line) => SAID.test(line));
}
