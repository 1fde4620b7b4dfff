export interface SnippetPiece {
  readonly text: string;
  /** It is what was looked for. */
  readonly hit: boolean;
}

export interface FoundMessage {
  readonly conversationId: string;
  readonly seq: number;
  readonly id: string;
  readonly role: string;
  readonly userId: string | null;
  readonly visibility: string;
  readonly createdAt: string;
  readonly snippet: readonly SnippetPiece[];
  readonly status: "open" | "snoozed" | "closed";
  readonly contact: { readonly id: string; readonly name: string | null };
}

export interface FoundContact {
  readonly id: string;
  readonly name: string | null;
  readonly email: string | null;
  readonly phone: string | null;
  readonly verified: boolean;
  readonly conversations: number;
}
