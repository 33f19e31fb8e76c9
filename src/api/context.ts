/** What every route is given, and what is known of one HTTP request while it lasts. */
import type { Server } from "bun";
import type { AccessOptions, AccessScope } from "./access/access-gate.ts";
import type { Settings } from "../core/settings.ts";
import type { ModelLibrary } from "../core/model-library.ts";
import type { ResponseStore } from "../core/stored-response.ts";
import type { PageSource } from "../core/web-page.ts";
import type { Engine } from "../engine/engine.ts";
import type { Log } from "../telemetry/log.ts";
import type { RequestRecord } from "../telemetry/request-record.ts";
import type { Telemetry } from "../telemetry/telemetry.ts";
import type { RequestEnd } from "./request-end.ts";

/** How long the API waits for whom. */
export interface ApiTimes {
  /** Seconds without a chunk after which an SSE stream sends a comment; keep it at least 5 s below any proxy's limit. */
  readonly keepAliveCommentS: number;
  /** How long a streamed reply may hold back its status line for the engine to admit or refuse the request, ms. */
  readonly headerWaitMs: number;
  /** Seconds after which a connection on which nothing is going on is closed; at most 255. */
  readonly idleTimeoutS: number;
  /** How long a client may leave 64 KiB of its answer unread, or a piece of its body unsent, before its request is aborted, ms. */
  readonly stallMs: number;
}

/** Where in its life the server is: `starting` until the models that are wanted from the start are there, `draining` from being told to stop. */
export type Stage = "starting" | "serving" | "draining";

/** Everything `createServer` needs. */
export interface ServerOptions extends ApiTimes {
  readonly engine: Engine;
  /** Where the server is; the engine may be asked for answers in each of them. */
  readonly stage: () => Stage;
  readonly library: ModelLibrary;
  /** Version of this program, for health and the API description. */
  readonly version: string;
  readonly log: Log;
  readonly telemetry: Telemetry;
  /** Who may read `/metrics`: those who may use the server, everybody, or nobody. */
  readonly metrics: "on" | "open" | "off";
  /** What clients ask goes to the log, word for word. */
  readonly logsPrompts: boolean;
  /** Where responses are kept. */
  readonly responses: ResponseStore;
  /** What the server runs with. */
  readonly settings: Settings;
  /** The page for people. */
  readonly page: PageSource;
  readonly access: AccessOptions;
  /** Origins whose pages are allowed; `*` alone allows all, `*` inside an item is a wildcard. */
  readonly corsOrigins: readonly string[];
  /** Largest request body, bytes. */
  readonly bodyBytesMax: number;
  /** The clock, ms since the epoch; tests pass their own. */
  readonly nowMs?: () => number;
  /** Makes request ids: letters and digits, unique. */
  readonly newId?: () => string;
}

/** Who is spoken to: it decides the shape of errors. */
export type DialectName = "openai" | "ollama" | "anthropic";

/** One HTTP request, from its arrival to the end of its reply. */
export interface RequestScope extends AccessScope {
  readonly id: string;
  readonly dialect: DialectName;
  /** The request that belongs to the socket; routes may see a copy with a tidied path, on which timeouts have no effect. */
  readonly connection: Request;
  readonly startedMs: number;
  /** What metrics and traces are made from. */
  readonly record: RequestRecord;
  /** Finds the end of the reply. */
  readonly end: RequestEnd;
  /** The model's name as the client wrote it, once the body has been read. */
  model?: string;
  /** The field that holds the prompt, for errors about its length. */
  promptField?: string;
  /** How many tools stand in the prompt beside the conversation, for the same errors. */
  tools?: number;
}

/** What routes work with. */
export interface ApiContext {
  readonly engine: Engine;
  readonly library: ModelLibrary;
  readonly version: string;
  readonly stage: () => Stage;
  readonly log: Log;
  readonly telemetry: Telemetry;
  readonly logsPrompts: boolean;
  readonly responses: ResponseStore;
  readonly settings: Settings;
  readonly page: PageSource;
  readonly times: ApiTimes;
  nowMs(this: void): number;
  scopeOf(request: Request): RequestScope;
  /** The listening server; null while requests are handled without a socket. */
  server(): Server<unknown> | null;
}
