// node-llama-cpp's own generation loop, for bench/llama-cpp.ts: run where that package is installed, it decodes short
// prompts to warm up, then the prompt twice, and prints the second.
import { getLlama } from "node-llama-cpp";

const { path, ids, threads, contextTokens, tokens, warmUpPrompts } = JSON.parse(process.argv[2]);
const llama = await getLlama({ gpu: false, build: "never", logLevel: "error", maxThreads: threads, progressLogs: false });
const model = await llama.loadModel({ modelPath: path });
const context = await model.createContext({ contextSize: contextTokens, threads, batchSize: 512 });
const sequence = context.getSequence();

async function decode(ids, tokens) {
  await sequence.clearHistory();
  const begun = performance.now();
  const stamps = [];
  let text = "";
  for await (const id of sequence.evaluate(ids, { temperature: 0, yieldEogToken: true })) {
    // A server would have to send text, so that the loop makes it, too.
    text += model.detokenize([id]);
    stamps.push(performance.now());
    if (model.isEogToken(id) || stamps.length === tokens) break;
  }
  const decodePerS = ((stamps.length - 1) * 1000) / (stamps.at(-1) - stamps[0]);
  return { decodePerS, firstMs: stamps[0] - begun, characters: text.length };
}

for (const short of warmUpPrompts) await decode(short, 1);
await decode(ids, tokens);
console.log(JSON.stringify(await decode(ids, tokens)));
process.exit(0);
