/** How much of a conversation's prompt its board still knows, by how a load balancer shares out the turns. docs/fleet.md has the figures. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { type Balancer, type BalancerName, boardOf, type Fleet, startBalancer, startFleet } from "./fleet.ts";
import { type Board, FLEET_IMPOSSIBLE } from "./network.ts";

/** Whole servers take their time on a slow or busy machine. */
setDefaultTimeout(120_000);

const CONVERSATIONS = 6;
const TURNS = 4;
/**
 * People who ask at the same time. Of one, each turn falls to another board than the turn before where they are dealt out in turns; of
 * several, who are in step or not by chance, up to two thirds fall to the same, and nothing can be said of a single run.
 */
const PEOPLE = Number(process.env["AFFINITY_PEOPLE"] ?? 1);
/** Tokens that open an answer and are not the same in the next prompt, at most. */
const OPENING = 8;
const WORDS = "red blue green yellow cat dog bird fish tree river house garden bread milk apple pear sun moon rain snow".split(" ");
/** Words of the note that each conversation is about. */
const NOTE_WORDS = 200;

interface Message {
  readonly role: string;
  readonly content: string;
}

/** What came of one kind of sharing out, over all turns but the first. */
interface Affinity {
  /** Share of the turns that went to the board of the turn before. */
  readonly sameBoard: number;
  /** Share of the turns whose board still knew all of the prompt before it, of which this one is the continuation. */
  readonly prefixKnown: number;
  /** Tokens of prompts that had to be computed, of those there were. */
  readonly computed: number;
}

/** Numbers from 0 up to 1 that look like chance and are the same every time. */
function chance(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

const note = (random: () => number) => Array.from({ length: NOTE_WORDS }, () => WORDS[Math.floor(random() * WORDS.length)]).join(" ");

/** Holds all conversations. A person holds one to its end and then the next. */
async function converse(balancer: Balancer, kind: string, sayWhich: boolean): Promise<Affinity> {
  const random = chance(7);
  const all = Array.from({ length: CONVERSATIONS }, (_, n) => ({
    id: `${kind} ${n}`,
    messages: [
      { role: "system", content: "You are a helpful assistant." },
      { role: "user", content: `This is my note: ${note(random)}.` },
    ] as Message[],
    board: null as Board | null,
    promptTokens: 0,
  }));
  const seen = { turns: 0, sameBoard: 0, prefixKnown: 0, computed: 0, tokens: 0 };
  const turn = async (conversation: (typeof all)[number]) => {
    const { messages } = conversation;
    const response = await fetch(`${balancer.url}/v1/chat/completions`, {
      method: "POST",
      headers: { "content-type": "application/json", ...(sayWhich ? { "x-session-id": conversation.id } : {}) },
      body: JSON.stringify({ model: "tiny-chat", messages, max_tokens: 24, temperature: 0 }),
    });
    const { choices, usage } = (await response.json()) as {
      choices: [{ message: Message }];
      usage: { prompt_tokens: number; prompt_tokens_details: { cached_tokens: number } };
    };
    const cached = usage.prompt_tokens_details.cached_tokens;
    if (conversation.board !== null) {
      seen.turns += 1;
      seen.sameBoard += Number(conversation.board === boardOf(response));
      seen.prefixKnown += Number(cached >= conversation.promptTokens - OPENING);
      seen.computed += usage.prompt_tokens - cached;
      seen.tokens += usage.prompt_tokens;
    }
    conversation.board = boardOf(response);
    conversation.promptTokens = usage.prompt_tokens;
    messages.push(choices[0].message, { role: "user", content: "Thank you. Tell me one more thing." });
  };
  const waiting = [...all];
  const person = async () => {
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      for (let n = 0; n < TURNS; n += 1) {
        await Bun.sleep(300 * random());
        await turn(next);
      }
    }
  };
  await Promise.all(Array.from({ length: PEOPLE }, person));
  const share = (part: number, whole: number) => Math.round((100 * part) / whole) / 100;
  return {
    sameBoard: share(seen.sameBoard, seen.turns),
    prefixKnown: share(seen.prefixKnown, seen.turns),
    computed: share(seen.computed, seen.tokens),
  };
}

describe.skipIf(FLEET_IMPOSSIBLE !== null)("affinity (skipped without root, ip, haproxy and nginx)", () => {
  let fleet: Fleet;
  let blind: Affinity;

  const measure = async (name: BalancerName, kind: string, { example, sayWhich }: { example?: string | undefined; sayWhich: boolean }) => {
    await using balancer = await startBalancer(name, fleet, example);
    const affinity = await converse(balancer, kind, sayWhich);
    console.info(`${name}, ${kind}: ${JSON.stringify(affinity)}`);
    return affinity;
  };

  beforeAll(async () => {
    fleet = await startFleet(["slow-prefill=2"]);
    const example = await Bun.file(join(import.meta.dir, "../../config/deploy/haproxy/haproxy.cfg")).text();
    const inTurns = join(temporaryFolder(), "round-robin.cfg");
    await Bun.write(inTurns, example.replace(/balance hash var\(txn\.key\)[^]*?hash-balance-factor \d+/, "balance roundrobin"));
    blind = await measure("haproxy", "in turns", { example: inTurns, sayWhich: true });
  });
  afterAll(async () => fleet?.[Symbol.asyncDispose]());

  test.each([
    ["haproxy", "by its beginning", false],
    ["nginx", "by its header", true],
  ] as const)("behind %s a conversation that is known %s meets what was computed of it", async (name, kind, sayWhich) => {
    const affinity = await measure(name, kind, { sayWhich });
    expect(affinity.prefixKnown).toBeGreaterThan(blind.prefixKnown);
    expect(affinity.computed).toBeLessThan(blind.computed);
  });

  test.each([
    ["/v1/chat/completions", {}, (text: string) => text],
    ["/v1/chat/completions", { role: "developer" }, (text: string) => [{ type: "text", text }]],
    ["/v1/messages", {}, (text: string) => [{ type: "text", text }]],
    ["/api/chat", { role: "system" }, (text: string) => text],
  ])("behind haproxy the turns of a conversation are told by how it begins (%s %o)", async (path, system, contentOf) => {
    await using balancer = await startBalancer("haproxy", fleet);
    const boards = async (first: string): Promise<[Board, Board]> => {
      const messages = [
        ...("role" in system ? [{ ...system, content: contentOf("Be kind.") }] : []),
        { role: "user", content: contentOf(first) },
        { role: "assistant", content: contentOf("Yes.") },
        { role: "user", content: contentOf("Go on") },
      ];
      const boardFor = async (turn: typeof messages) => {
        const body = { model: "tiny", messages: turn, max_tokens: 1, options: { num_predict: 1 }, stream: false };
        const response = await fetch(balancer.url + path, { method: "POST", body: JSON.stringify(body) });
        expect(response.status).toBe(200);
        return boardOf(response);
      };
      return [await boardFor(messages.slice(0, -2)), await boardFor(messages)];
    };
    const seen = new Set<Board>();
    for (const first of WORDS.slice(0, 8)) {
      const [before, after] = await boards(`Tell me of the ${first}.`);
      expect(after).toBe(before);
      seen.add(before);
    }
    expect(seen.size).toBeGreaterThan(1);
  });
});
