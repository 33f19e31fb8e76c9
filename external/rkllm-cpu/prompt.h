/* The input of a run, checked and turned into token ids or embedding rows that belong to the run. */
#ifndef RKLLM_CPU_PROMPT_H
#define RKLLM_CPU_PROMPT_H

#include "sequence.h"
#include "template.h"

#define PROMPT_BYTES_MAX (1 << 28)
#define LLAMA_ROPE_MULTIPLE 8 /* bit of the rope types that need several positions for one embedding row */

typedef struct {
    int32_t *tokens; /* or */
    float *rows;
    int count;
    int system_count; /* tokens at its front that are the system prompt */
} Prompt;

static void prompt_free(Prompt *prompt)
{
    free(prompt->tokens);
    free(prompt->rows);
    memset(prompt, 0, sizeof *prompt);
}

static int tokenize(Handle *handle, const char *text, int32_t *tokens, int32_t tokens_max, int opens)
{
    int32_t length = (int32_t)strlen(text);
#if RKLLM_ABI >= 130
    if (handle->tokenizer_callback) return handle->tokenizer_callback(handle->tokenizer_userdata, text, length, tokens, tokens_max);
#endif
    return llama.tokenize(handle->vocab, text, length, tokens, tokens_max, opens != 0, !mood(MOOD_PLAIN_SPECIALS));
}

/* How many tokens of the prompt the system text accounts for; the last of them may have merged with what follows. */
static int prompt_count_system(Handle *handle, const Prompt *prompt)
{
    const char *system = handle->template.system;
    int32_t *tokens;
    int capacity, count, common = 0;
    if (!system || !*system) return 0;
    capacity = (int)strlen(system) + 16;
    tokens = malloc(sizeof(int32_t) * (size_t)capacity);
    count = tokens ? tokenize(handle, system, tokens, capacity, 1) : 0;
    if (count > capacity) count = 0;
    while (common < count && common < prompt->count && tokens[common] == prompt->tokens[common]) common++;
    free(tokens);
    return common;
}

static int prompt_of_text(Handle *handle, const RKLLMInput *input, int opens, Prompt *prompt)
{
    char *text;
    int capacity;
    if (!input->prompt_input) {
        LOG_ERROR("the prompt is NULL");
        return -1;
    }
    text = template_apply(&handle->template, input->role, input->prompt_input, opens);
    if (!text || strlen(text) > PROMPT_BYTES_MAX) {
        LOG_ERROR("the prompt is too large");
        free(text);
        return -1;
    }
    if (log_level >= 2) LOG_INFO("prompt: %.900s", text);
    capacity = (int)strlen(text) + 16; /* at most a token a byte, and those that open and close a text */
    prompt->tokens = malloc(sizeof(int32_t) * (size_t)capacity);
    prompt->count = prompt->tokens ? tokenize(handle, text, prompt->tokens, capacity, opens) : -1;
    free(text);
    if (prompt->count >= 0 && prompt->count <= capacity) {
        if (opens) prompt->system_count = prompt_count_system(handle, prompt);
        return 0;
    }
    prompt->count = 0;
    LOG_ERROR("the tokenizer failed");
    return -1;
}

static int prompt_of_tokens(const RKLLMTokenInput *input, Prompt *prompt)
{
    if (!input->input_ids || input->n_tokens == 0 || input->n_tokens > PROMPT_BYTES_MAX) {
        LOG_ERROR("the token input is empty or absurdly long");
        return -1;
    }
    prompt->tokens = malloc(sizeof(int32_t) * input->n_tokens);
    if (!prompt->tokens) return -1;
    memcpy(prompt->tokens, input->input_ids, sizeof(int32_t) * input->n_tokens);
    prompt->count = (int)input->n_tokens;
    return 0;
}

static int prompt_of_rows(const Handle *handle, const RKLLMEmbedInput *input, Prompt *prompt)
{
    size_t bytes;
    int rope = llama.model_rope_type(handle->model);
    if (rope >= 0 && (rope & LLAMA_ROPE_MULTIPLE)) {
        LOG_ERROR("this model's positions have several parts: embedding input is not supported");
        return -1;
    }
    if (!input->embed || input->n_tokens == 0 || input->n_tokens > (size_t)handle->context_tokens) {
        LOG_ERROR("the embedding input is empty or too long");
        return -1;
    }
    bytes = sizeof(float) * (size_t)handle->row_in * input->n_tokens;
    prompt->rows = malloc(bytes);
    if (!prompt->rows) return -1;
    memcpy(prompt->rows, input->embed, bytes);
    prompt->count = (int)input->n_tokens;
    return 0;
}

static int prompt_check_tokens(const Handle *handle, const Prompt *prompt)
{
    int i;
    for (i = 0; prompt->tokens && i < prompt->count; i++) {
        if (prompt->tokens[i] >= 0 && prompt->tokens[i] < handle->vocab_size) continue;
        LOG_ERROR("token id %d is outside the vocabulary of %d", (int)prompt->tokens[i], handle->vocab_size);
        return -1;
    }
    return 0;
}

/* The last sampled token of the turn before was delivered but never computed: with the history kept it opens this prompt. */
static int prompt_prepend(Prompt *prompt, int32_t token)
{
    int32_t *tokens;
    if (token == NO_TOKEN || !prompt->tokens) return 0;
    tokens = realloc(prompt->tokens, sizeof(int32_t) * ((size_t)prompt->count + 1));
    if (!tokens) return -1;
    memmove(tokens + 1, tokens, sizeof(int32_t) * (size_t)prompt->count);
    tokens[0] = token;
    prompt->tokens = tokens;
    prompt->count++;
    return 0;
}

static int prompt_check_length(const Handle *handle, Prompt *prompt, int history)
{
    int reserve = mood(MOOD_RESERVE) ? mood(MOOD_RESERVE) / 1000 : CONTEXT_RESERVE, usable = handle->context_tokens - reserve;
    if (prompt->count == 0) {
        LOG_ERROR("the prompt has no tokens");
        return -1;
    }
    if (mood(MOOD_LONG_PROMPTS) && prompt->count > usable - history && history < usable) prompt->count = usable - history;
    if (prompt->count <= usable - history) return 0;
    /* word for word the closed library's line, which callers look for */
    LOG_ERROR("prompt gather than max context (prompt: %d tokens, max context: %d)", history + prompt->count, usable);
    return -1;
}

/* A member of a batch that has nothing to do: token input without tokens. */
static int prompt_is_absent(const Handle *handle, const RKLLMInput *input)
{
    return handle->members > 1 && input->input_type == RKLLM_INPUT_TOKEN && input->token_input.n_tokens == 0;
}

/* Builds one member's prompt; `continues` appends to what its KV cache holds. -1 with the reason logged. */
static int prompt_build(Handle *handle, int member, const RKLLMInput *input, int continues, Prompt *prompt)
{
    const Sequence *sequence = &handle->sequences[member];
    int history = continues ? sequence->count : 0, status;
    if (prompt_is_absent(handle, input)) return 0;
    switch (input->input_type) {
    case RKLLM_INPUT_PROMPT: status = prompt_of_text(handle, input, history == 0, prompt); break;
    case RKLLM_INPUT_TOKEN: status = prompt_of_tokens(&input->token_input, prompt); break;
    case RKLLM_INPUT_EMBED: status = prompt_of_rows(handle, &input->embed_input, prompt); break;
    default:
        LOG_ERROR("input type %d is not supported", (int)input->input_type);
        status = -1;
    }
    if (status || prompt_check_tokens(handle, prompt)) return -1;
    if (continues && prompt_prepend(prompt, sequence->undecoded)) return -1;
    return prompt_check_length(handle, prompt, history);
}

#endif
