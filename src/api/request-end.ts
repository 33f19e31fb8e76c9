/** Finds the end of a request: its reply is there, and nothing that was begun for it goes on. */

/** Counts what goes on. */
export class RequestEnd {
  private readonly onEnd: () => void;
  private holds = 0;
  private responded = false;

  /** @param onEnd called once */
  constructor(onEnd: () => void) {
    this.onEnd = onEnd;
  }

  /** Something goes on until what is returned is called. Safe to call twice. */
  hold(): () => void {
    let over = false;
    this.holds += 1;
    return () => {
      if (over) return;
      over = true;
      this.holds -= 1;
      this.check();
    };
  }

  /** The reply is there; its body may still be made. */
  respond(): void {
    this.responded = true;
    this.check();
  }

  private check(): void {
    if (this.responded && this.holds === 0) this.onEnd();
  }
}
