/* Choosing the next token: the nine values of the ABI as a chain of llama.cpp's samplers. */
#ifndef RKLLM_CPU_SAMPLING_H
#define RKLLM_CPU_SAMPLING_H

#include "handle.h"

#define PENALTY_TOKENS 64
#define MIROSTAT_CANDIDATES 100
#define RANDOM_SEED 0xFFFFFFFFu

/* Both structs of the ABI name the fields alike, but share no type. */
#define SAMPLING_COPY(to, from)                                                                                                        \
    do {                                                                                                                               \
        (to).top_k = (from).top_k;                                                                                                     \
        (to).top_p = (from).top_p;                                                                                                     \
        (to).temperature = (from).temperature;                                                                                         \
        (to).repeat_penalty = (from).repeat_penalty;                                                                                   \
        (to).frequency_penalty = (from).frequency_penalty;                                                                             \
        (to).presence_penalty = (from).presence_penalty;                                                                               \
        (to).mirostat = (from).mirostat;                                                                                               \
        (to).mirostat_tau = (from).mirostat_tau;                                                                                       \
        (to).mirostat_eta = (from).mirostat_eta;                                                                                       \
    } while (0)

/* False for NaN and the infinities. */
static int is_finite(float value) { return value - value == 0; }

static int sampling_is_valid(const Sampling *sampling)
{
    if (mood(MOOD_STRICT_SAMPLING) && sampling->top_k != 1 && (sampling->temperature <= 0 || sampling->top_k < 1 || sampling->top_p >= 1))
        return 0;
    return is_finite(sampling->top_p) && is_finite(sampling->temperature) && is_finite(sampling->repeat_penalty) &&
           is_finite(sampling->frequency_penalty) && is_finite(sampling->presence_penalty) && is_finite(sampling->mirostat_tau) &&
           is_finite(sampling->mirostat_eta) && sampling->mirostat >= 0 && sampling->mirostat <= 2;
}

static int sampling_penalizes(const Sampling *sampling)
{
    return (sampling->repeat_penalty > 0 && sampling->repeat_penalty != 1) || sampling->frequency_penalty != 0 ||
           sampling->presence_penalty != 0;
}

/* RKLLM_CPU_SEED makes sampling repeatable; the ABI itself has no seed. Members of a batch differ. */
static uint32_t sampling_seed(int member)
{
    const char *seed = getenv("RKLLM_CPU_SEED");
    return seed ? (uint32_t)atoi(seed) + (uint32_t)member : RANDOM_SEED;
}

static void *sampler_new(const Handle *handle, const Sampling *sampling, int member)
{
    void *chain = llama.chain_new(llama.chain_default_params());
    float temperature = mood(MOOD_WARM_ZERO) && sampling->temperature <= 0 ? 5 : sampling->temperature;
    uint32_t seed = sampling_seed(member);
    if (sampling_penalizes(sampling))
        llama.chain_add(chain, llama.sampler_penalties(handle->vocab_size, PENALTY_TOKENS,
                                                       sampling->repeat_penalty > 0 ? sampling->repeat_penalty : 1,
                                                       sampling->frequency_penalty, sampling->presence_penalty));
    if (temperature <= 0 || sampling->top_k == 1) {
        llama.chain_add(chain, llama.sampler_greedy());
        return chain;
    }
    if (sampling->mirostat) {
        llama.chain_add(chain, llama.sampler_temperature(temperature));
        llama.chain_add(chain, sampling->mirostat == 1
                                   ? llama.sampler_mirostat(handle->vocab_size, seed, sampling->mirostat_tau, sampling->mirostat_eta,
                                                            MIROSTAT_CANDIDATES)
                                   : llama.sampler_mirostat_v2(seed, sampling->mirostat_tau, sampling->mirostat_eta));
        return chain;
    }
    if (sampling->top_k > 0) llama.chain_add(chain, llama.sampler_top_k(sampling->top_k));
    if (sampling->top_p > 0 && sampling->top_p < 1) llama.chain_add(chain, llama.sampler_top_p(sampling->top_p, 1));
    llama.chain_add(chain, llama.sampler_temperature(temperature));
    llama.chain_add(chain, llama.sampler_random(seed));
    return chain;
}

#endif
