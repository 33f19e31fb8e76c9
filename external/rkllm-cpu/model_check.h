/* A look through a GGUF file before libllama sees it. libllama refuses most damage by itself, but some of it ends the process through a
 * failed assertion or an exception that nobody catches (duplicate tokens, missing byte tokens, absurd layer counts), so everything that
 * is cheap to check is checked here: header, every key, every tensor, the vocabulary. */
#ifndef RKLLM_CPU_MODEL_CHECK_H
#define RKLLM_CPU_MODEL_CHECK_H

#include "llama_abi.h"

#define GGUF_KEYS_MAX 65536
#define GGUF_TENSORS_MAX 131072
#define GGUF_TOKENS_MAX (1 << 24)

enum { GGUF_UINT32 = 4, GGUF_FLOAT32 = 6, GGUF_STRING = 8, GGUF_ARRAY = 9 };

typedef enum { GGUF_MODEL, GGUF_ADAPTER } GgufRole;

typedef struct {
    const char *bytes; /* not terminated */
    uint64_t length;
} GgufText;

typedef struct {
    const uint8_t *bytes;
    uint64_t size, at;
    const char *flaw; /* the first thing found wrong, NULL while all is well */
    /* what the keys said */
    GgufText architecture, tokenizer;
    uint64_t alignment, tokens, tokens_at;
} GgufFile;

static uint64_t gguf_flaw(GgufFile *file, const char *flaw)
{
    if (!file->flaw) file->flaw = flaw;
    file->at = file->size;
    return 0;
}

static uint64_t gguf_number(GgufFile *file, uint64_t width)
{
    uint64_t value = 0;
    if (file->size - file->at < width) return gguf_flaw(file, "the file ends too early");
    memcpy(&value, file->bytes + file->at, width); /* little-endian, as every machine this runs on */
    file->at += width;
    return value;
}

static void gguf_skip(GgufFile *file, uint64_t count, uint64_t width)
{
    if (count > (file->size - file->at) / width)
        gguf_flaw(file, "the file ends too early");
    else
        file->at += count * width;
}

static GgufText gguf_text(GgufFile *file)
{
    GgufText text;
    text.length = gguf_number(file, 8);
    text.bytes = (const char *)file->bytes + file->at;
    gguf_skip(file, text.length, 1);
    if (file->flaw) text.length = 0;
    return text;
}

static int gguf_text_is(GgufText text, const char *expected)
{
    return text.length == strlen(expected) && memcmp(text.bytes, expected, text.length) == 0;
}

/* "llama.block_count" ends with ".block_count" whatever the architecture's name. */
static int gguf_text_ends(GgufText text, const char *ending)
{
    uint64_t length = strlen(ending);
    return text.length > length && memcmp(text.bytes + text.length - length, ending, length) == 0;
}

static uint64_t gguf_scalar_width(uint32_t type)
{
    static const uint8_t widths[] = { 1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8 };
    return type < sizeof widths ? widths[type] : 0;
}

static void gguf_check_array(GgufFile *file, GgufText key)
{
    uint32_t type = (uint32_t)gguf_number(file, 4);
    uint64_t count = gguf_number(file, 8), i;
    if (gguf_text_is(key, "tokenizer.ggml.tokens")) {
        if (type != GGUF_STRING || count > GGUF_TOKENS_MAX) {
            gguf_flaw(file, "its vocabulary is not a list of texts");
            return;
        }
        file->tokens = count;
        file->tokens_at = file->at;
    }
    if (type == GGUF_STRING) {
        for (i = 0; i < count && !file->flaw; i++) gguf_text(file);
    } else if (gguf_scalar_width(type)) {
        gguf_skip(file, count, gguf_scalar_width(type));
    } else {
        gguf_flaw(file, "a metadata array has an unknown type");
    }
}

static void gguf_check_count(GgufFile *file, GgufText key, uint64_t value)
{
    if (gguf_text_is(key, "general.alignment")) {
        if (value == 0 || (value & (value - 1)) != 0 || value > 65536) gguf_flaw(file, "its alignment is not a power of two");
        file->alignment = value;
    }
    if (gguf_text_ends(key, ".block_count") && (value == 0 || value > LLAMA_LAYERS_MAX)) gguf_flaw(file, "its block count is absurd");
    if (gguf_text_ends(key, ".expert_count") && value > LLAMA_EXPERTS_MAX) gguf_flaw(file, "its expert count is absurd");
    if (gguf_text_ends(key, ".attention.head_count") && value == 0) gguf_flaw(file, "its head count is zero");
    if (gguf_text_ends(key, ".context_length") && value > 0x7fffffff) gguf_flaw(file, "its context length is absurd");
}

static void gguf_check_key(GgufFile *file)
{
    GgufText key = gguf_text(file);
    uint32_t type = (uint32_t)gguf_number(file, 4);
    if (file->flaw) return;
    if (key.length == 0) {
        gguf_flaw(file, "a metadata key is empty");
    } else if (type == GGUF_ARRAY) {
        gguf_check_array(file, key);
    } else if (type == GGUF_STRING) {
        GgufText value = gguf_text(file);
        if (gguf_text_is(key, "general.architecture")) file->architecture = value;
        if (gguf_text_is(key, "tokenizer.ggml.model")) file->tokenizer = value;
    } else if (gguf_scalar_width(type)) {
        uint64_t value = gguf_number(file, gguf_scalar_width(type));
        int is_negative_or_nan = value >> 31 || (value >> 23 & 0xff) == 0xff; /* as the bits of a float */
        if (type == GGUF_UINT32) gguf_check_count(file, key, value);
        if (type == GGUF_FLOAT32 && gguf_text_ends(key, "_epsilon") && is_negative_or_nan) gguf_flaw(file, "its epsilon is absurd");
    } else {
        gguf_flaw(file, "a metadata value has an unknown type");
    }
}

/* Reads one tensor entry; returns the end of its data relative to the data section. */
static uint64_t gguf_tensor_end(GgufFile *file)
{
    GgufText name = gguf_text(file);
    uint32_t dimensions = (uint32_t)gguf_number(file, 4), type, i;
    uint64_t row = 1, elements = 1, offset, limit = (uint64_t)1 << 60;
    if (name.length == 0 || name.length >= GGML_NAME_BYTES_MAX) return gguf_flaw(file, "a tensor's name has a bad length");
    if (dimensions == 0 || dimensions > GGML_DIMENSIONS_MAX) return gguf_flaw(file, "a tensor has a bad number of dimensions");
    for (i = 0; i < dimensions; i++) {
        uint64_t length = gguf_number(file, 8);
        if (length == 0 || length > limit / elements) return gguf_flaw(file, "a tensor has an absurd shape");
        if (i == 0) row = length;
        elements *= length;
    }
    type = (uint32_t)gguf_number(file, 4);
    offset = gguf_number(file, 8);
    if (file->flaw) return 0;
    if (type >= GGML_TYPES || llama.type_block((int32_t)type) <= 0) return gguf_flaw(file, "a tensor has an unknown type");
    if (row % (uint64_t)llama.type_block((int32_t)type)) return gguf_flaw(file, "a tensor's rows do not fit its type");
    if (offset % file->alignment || offset > limit) return gguf_flaw(file, "a tensor's data is misplaced");
    elements /= (uint64_t)llama.type_block((int32_t)type);
    if (elements > limit / llama.type_bytes((int32_t)type)) return gguf_flaw(file, "a tensor has an absurd shape");
    return offset + elements * llama.type_bytes((int32_t)type);
}

static uint32_t gguf_hash(GgufText text)
{
    uint32_t hash = 2166136261u; /* FNV-1a */
    uint64_t i;
    for (i = 0; i < text.length; i++) hash = (hash ^ (uint8_t)text.bytes[i]) * 16777619u;
    return hash;
}

/* The vocabulary as a hash set; adding says whether the text was there already. */
typedef struct {
    GgufText *slots;
    uint32_t mask;
} GgufTextSet;

static int gguf_set_find(GgufTextSet *set, GgufText text, int add)
{
    uint32_t at = gguf_hash(text) & set->mask;
    for (; set->slots[at].bytes; at = (at + 1) & set->mask)
        if (set->slots[at].length == text.length && memcmp(set->slots[at].bytes, text.bytes, text.length) == 0) return 1;
    if (add) set->slots[at] = text;
    return 0;
}

/* A SentencePiece vocabulary must be able to spell any byte: libllama throws where nobody catches when it meets one it cannot. */
static void gguf_check_byte_tokens(GgufFile *file, GgufTextSet *set)
{
    char name[8], letter;
    int byte;
    GgufText text;
    for (byte = 0; byte < 256; byte++) {
        snprintf(name, sizeof name, "<0x%02X>", (unsigned)byte);
        text.bytes = name;
        text.length = 6;
        if (gguf_set_find(set, text, 0)) continue;
        letter = (char)byte;
        text.bytes = &letter;
        text.length = 1;
        if (!gguf_set_find(set, text, 0)) gguf_flaw(file, "its vocabulary lacks byte tokens");
    }
}

static void gguf_check_vocabulary(GgufFile *file)
{
    GgufTextSet set;
    uint64_t i;
    if (!file->tokens || !file->tokenizer.length || gguf_text_is(file->tokenizer, "none") || gguf_text_is(file->tokenizer, "no_vocab")) {
        gguf_flaw(file, "it has no vocabulary");
        return;
    }
    for (set.mask = 1023; set.mask < file->tokens * 2; set.mask = set.mask * 2 + 1) continue;
    set.slots = calloc((size_t)set.mask + 1, sizeof *set.slots);
    if (!set.slots) {
        gguf_flaw(file, "there is no memory to check its vocabulary");
        return;
    }
    file->at = file->tokens_at;
    for (i = 0; i < file->tokens && !file->flaw; i++)
        if (gguf_set_find(&set, gguf_text(file), 1)) gguf_flaw(file, "its vocabulary holds a token twice");
    if (!file->flaw && gguf_text_is(file->tokenizer, "llama")) gguf_check_byte_tokens(file, &set);
    free(set.slots);
}

static void gguf_check(GgufFile *file, GgufRole role)
{
    uint64_t version, tensors, keys, i, data, end, last = 0;
    if (file->size < 24 || memcmp(file->bytes, "GGUF", 4) != 0) {
        gguf_flaw(file, "invalid magic characters, it is not a GGUF file");
        return;
    }
    file->at = 4;
    version = gguf_number(file, 4);
    tensors = gguf_number(file, 8);
    keys = gguf_number(file, 8);
    if (version < 2 || version > 3) gguf_flaw(file, "its GGUF version is neither 2 nor 3");
    if (tensors == 0 || tensors > GGUF_TENSORS_MAX || keys > GGUF_KEYS_MAX) gguf_flaw(file, "its counts are absurd");
    for (i = 0; i < keys && !file->flaw; i++) gguf_check_key(file);
    for (i = 0; i < tensors && !file->flaw; i++) {
        end = gguf_tensor_end(file);
        if (end > last) last = end;
    }
    if (file->flaw) return;
    data = (file->at + file->alignment - 1) & ~(file->alignment - 1);
    if (data > file->size || last > file->size - data) gguf_flaw(file, "it is truncated: tensor data lies beyond its end");
    if (!file->architecture.length) gguf_flaw(file, "it does not name its architecture");
    if (role == GGUF_MODEL && !file->flaw) gguf_check_vocabulary(file);
}

/* 0 when libllama may have the file, else -1 with the reason logged. */
static int model_check(const char *path, GgufRole role)
{
    GgufFile file;
    int descriptor = open(path, O_RDONLY);
    long size = descriptor < 0 ? -1 : lseek(descriptor, 0, SEEK_END);
    void *bytes = size > 0 ? mmap(NULL, (size_t)size, PROT_READ, MAP_PRIVATE, descriptor, 0) : MAP_FAILED;
    if (descriptor >= 0) close(descriptor);
    if (bytes == MAP_FAILED) {
        LOG_ERROR(size == 0 ? "invalid model file %s: it is empty" : "cannot open the model file %s", path);
        return -1;
    }
    memset(&file, 0, sizeof file);
    file.bytes = bytes;
    file.size = (uint64_t)size;
    file.alignment = 32;
    gguf_check(&file, role);
    munmap(bytes, (size_t)size);
    if (!file.flaw) return 0;
    LOG_ERROR("invalid model file %s: %s", path, file.flaw);
    return -1;
}

#endif
