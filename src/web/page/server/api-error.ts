/** A failure as the page shows it: the server's own words, or what kept it from being asked. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  /** HTTP status; 0 where no answer came. */
  readonly status: number;

  constructor(message: string, status: number, cause?: unknown) {
    super(message, { cause });
    this.status = status;
  }
}

/** The text of an error object in OpenAI's or Ollama's form. */
export function errorText(body: unknown): string | undefined {
  const error = (body as { error?: unknown } | null)?.error;
  if (typeof error === "string") return error;
  const message = (error as { message?: unknown } | null | undefined)?.message;
  return typeof message === "string" ? message : undefined;
}

/** What to show of anything that was thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** The error that a refused request stands for. */
export async function errorOf(response: Response): Promise<ApiError> {
  const text = await response.text().catch(() => "");
  return new ApiError(errorText(parse(text)) ?? `The server answered with status ${response.status}.`, response.status);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
