/** What GET /v1/status could say on a board, with every part of it there. */

const SAMPLES = 120;
const SAMPLE_S = 5;
const BEGIN_MS = Date.parse("2026-01-02T03:04:05.000Z");
const timeOf = (index: number): string => new Date(BEGIN_MS + index * SAMPLE_S * 1000).toISOString();

/** A board that answers and has had better days. */
export const PLAYED_STATUS = {
  object: "status",
  version: "9.9.9",
  uptime_s: 3723,
  time: timeOf(SAMPLES),
  draining: false,
  queue: { waiting: 2, running: 1, models: [{ id: "qwen3-0.6b", waiting: 2, running: 1 }] },
  models: [
    {
      id: "qwen3-0.6b",
      base_id: "qwen3-0.6b",
      state: "running",
      slots: 1,
      lanes: 1,
      memory_bytes: 812_345_678,
      file_bytes: 400_000_000,
      context_length: 4096,
      context_used: 0.12,
      runtime_version: "1.3.0",
      pinned: true,
      waiting: 2,
      running: 1,
      loaded_at: timeOf(0),
      expires_at: null,
    },
  ],
  throughput: {
    sample_s: SAMPLE_S,
    samples: Array.from({ length: SAMPLES }, (_, index) => ({
      time: timeOf(index),
      requests: index % 3,
      tokens_per_s: index < 40 ? 0 : 12 + 4 * Math.sin(index / 6),
      prompt_tokens_per_s: index % 20 === 0 ? 300 : 0,
      ttft_s: index % 20 < 2 ? 0.4 + index / 200 : null,
    })),
  },
  totals: { requests: 120, failed: 1, prompt_tokens: 100_000, cached_tokens: 60_000, generated_tokens: 30_000 },
  prompt_cache: {
    entries: 3,
    bytes: 345_000_000,
    bytes_max: 1_073_741_824,
    bytes_written_today: 345_000_000,
    hits: 2,
    misses: 5,
    passed: 0,
    tokens_saved: 900,
    ms_saved: 4000,
  },
  npu: { frequency_hz: 1_000_000_000, frequency_max_hz: 1_000_000_000, load: 0.37, cores: [0.74, 0.37, 0] },
  temperatures: [
    { sensor: "npu-thermal", celsius: 48.2 },
    { sensor: "soc-thermal", celsius: 51 },
  ],
  cpu: [
    { cores: "0 1 2 3", frequency_hz: 1_800_000_000, frequency_max_hz: 1_800_000_000 },
    { cores: "4 5", frequency_hz: 1_128_000_000, frequency_max_hz: 2_256_000_000 },
  ],
  memory: { total_bytes: 16e9, available_bytes: 12e9, gateway_bytes: 90e6, hosts_bytes: 812_345_678 },
  errors: [
    {
      time: timeOf(50),
      request_id: "r7",
      status: 500,
      code: "engine_lost",
      model: "qwen3-0.6b",
      message: "The process of the model ended.",
    },
    { time: timeOf(20), request_id: "r2", status: 429, code: "queue_full", model: null, message: "The queue is full." },
  ],
  doctor: {
    level: "warning",
    checked_at: timeOf(100),
    sections: [
      { title: "Board", findings: [{ check: "soc", level: "ok", text: "The board is an RK3588.", fix: null }] },
      {
        title: "NPU",
        findings: [
          { check: "driver", level: "ok", text: "The NPU driver is 0.9.8.", fix: null },
          { check: "governor", level: "warning", text: "The NPU's clock is not fixed.", fix: "Set its governor to performance." },
        ],
      },
    ],
  },
};
