/** A refusal that a page can show: a nack, a problem document, or a limit of this client. */
export class ChorusError extends Error {
  override readonly name = "ChorusError";

  constructor(
    readonly code: string,
    message: string,
    readonly status: number = 0,
  ) {
    super(message);
  }
}

/** Read any thrown value as a ChorusError, so that it can travel between tabs. */
export function asChorusError(cause: unknown): ChorusError {
  if (cause instanceof ChorusError) return cause;
  return new ChorusError("UNEXPECTED", cause instanceof Error ? cause.message : String(cause));
}
