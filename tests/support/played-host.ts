/** A host without a process, as the gateway sees it. */
import type { HostLink } from "../../src/runtime/host-link.ts";
import type { HostCommand, HostEvent } from "../../src/runtime/protocol.ts";

/** A host that a test plays: it notes what it is told and says what it is made to. */
export class PlayedHost {
  readonly told: HostCommand[] = [];
  readonly output: string[] = [];
  readonly say: (event: HostEvent) => void;
  readonly link: HostLink;
  private readonly end = Promise.withResolvers<string>();
  private listeners: (() => void)[] = [];

  constructor(say: (event: HostEvent) => void, kill: (host: PlayedHost) => void) {
    this.say = say;
    this.link = {
      send: (command) => {
        this.told.push(command);
        for (const listener of this.listeners.splice(0)) listener();
      },
      ended: this.end.promise,
      kill: () => kill(this),
      memory: () => null,
      outputTail: () => this.output,
    };
  }

  die(how: string): void {
    this.end.resolve(how);
  }

  /** The first command of a kind; waits for it. */
  async hears<K extends HostCommand["kind"]>(kind: K): Promise<Extract<HostCommand, { kind: K }>> {
    for (;;) {
      const command = this.told.find((each) => each.kind === kind);
      if (command !== undefined) return command as Extract<HostCommand, { kind: K }>;
      await new Promise<void>((resolve) => this.listeners.push(resolve));
    }
  }
}
