/* Writes a model's weights anew in another of llama.cpp's formats: what a batch gains depends on the format's kernels.
 *
 *   quantize LLAMA_FOLDER FROM TO FTYPE
 *
 * FTYPE is a number of llama.cpp's enum llama_ftype. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* The beginning of llama_model_quantize_params, and more room behind it than the rest takes. */
typedef struct {
    int32_t threads, ftype, output_type, embedding_type;
    bool allow_requantize;
    char rest[507];
} Params;

static void *open_library(const char *folder, const char *name)
{
    char path[4096];
    void *library;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    library = dlopen(path, RTLD_NOW | RTLD_GLOBAL);
    if (library) return library;
    fprintf(stderr, "%s\n", dlerror());
    exit(1);
}

static void *need(void *library, const char *name)
{
    void *found = dlsym(library, name);
    if (found) return found;
    fprintf(stderr, "%s is not in the library\n", name);
    exit(1);
}

int main(int argc, char **argv)
{
    void *ggml, *llama;
    void (*load_backends)(const char *);
    Params (*defaults)(void), params;
    uint32_t (*quantize)(const char *, const char *, const Params *);
    if (argc != 5) return fprintf(stderr, "quantize LLAMA_FOLDER FROM TO FTYPE\n"), 2;
    open_library(argv[1], "libggml-base.so");
    ggml = open_library(argv[1], "libggml.v0.5.0.so");
    llama = open_library(argv[1], "libllama.v0.5.0.so");
    load_backends = need(ggml, "ggml_backend_load_all_from_path");
    defaults = need(llama, "llama_model_quantize_default_params");
    quantize = need(llama, "llama_model_quantize");
    load_backends(argv[1]);
    params = defaults();
    params.ftype = atoi(argv[4]);
    params.allow_requantize = true;
    return quantize(argv[2], argv[3], &params) == 0 ? 0 : 1;
}
