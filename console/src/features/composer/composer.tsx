import { asChorusError, type ConversationView } from "@chorus/sdk";
import type { FileInfo } from "@chorus/sdk/uploads";
import { useQueryClient } from "@tanstack/react-query";
import { Hand } from "lucide-react";
import {
  type KeyboardEvent,
  lazy,
  type RefObject,
  Suspense,
  useEffect,
  useLayoutEffect,
  useRef,
  useState,
} from "react";
import { useConversationActs } from "../../shared/acts/conversation-acts";
import { useToWrite, wantToWrite } from "../../shared/acts/to-write";
import { ownershipOfView } from "../../shared/domain/ownership";
import {
  draftKey,
  draftOf,
  dropDraft,
  type Mode,
  setDraft,
  setFiles,
  useDrafts,
} from "../../shared/drafts/drafts";
import { useDraftSync } from "../../shared/drafts/use-draft-sync";
import { fileQuery } from "../../shared/files/cards";
import { useActions } from "../../shared/keys/use-keys";
import { useSession } from "../../shared/live/session";
import { useSettings } from "../../shared/settings/settings";
import { Button } from "../../shared/ui/button";
import { cx } from "../../shared/ui/class";
import { decoration } from "../../shared/ui/decoration";
import { showThen } from "../../shared/ui/show-then";
import { useWords } from "../../shared/words/words";
import { AttachButton } from "./attach-button";
import { Canned } from "./canned";
import { Foot } from "./foot";
import { isTooLong, keyMeaning, mentionedIn } from "./meaning";
import { Mentions } from "./mentions";
import { ModeSwitch } from "./mode-switch";
import { SuggestButton } from "./suggest-button";
import { openSuggestion, useSettledSuggestions } from "./suggested";
import { beginWith, endOf, sentWith, type Taken, useTellTaken } from "./taken";
import { useFileDrops, useFiles } from "./use-attaching";

const Attachments = lazy(async () => ({
  default: (await import("./attachments")).Attachments,
}));
const Proposals = lazy(async () => ({ default: (await import("./proposals")).Proposals }));
const Suggestion = decoration(async () => (await import("./suggestion")).Suggestion);

interface ComposerProps {
  readonly conv: string;
  readonly view: ConversationView;
  readonly onLeave: () => void;
}

/** Where an answer or a note is written. Each keeps its own draft. */
export function Composer({ conv, view, onLeave }: ComposerProps) {
  const { t } = useWords();
  const field = useRef<HTMLTextAreaElement>(null);
  const writing = useWriting(conv, view, field);
  const { mode, key, text, files, change, choose, send, problem, isReplyable } = writing;
  const asking = useAsking(conv, isReplyable);
  const form = useRef<HTMLFormElement>(null);
  useFileDrops(form, files.add);
  const enterSends = useSettings((settings) => settings.enterSends);
  useLayoutEffect(() => fit(field.current, text), [text]);
  useFocusWhenTaken(conv, field);
  useActions({
    note: () => choose("note"),
    reply: () => choose(isReplyable ? "reply" : "note"),
  });
  const onKeyDown = (event: KeyboardEvent) => {
    const meaning = keyMeaning(event.nativeEvent, enterSends);
    if (event.defaultPrevented || meaning === null) return;
    event.preventDefault();
    if (meaning === "leave") onLeave();
    if (meaning === "switch" && isReplyable) choose(mode === "note" ? "reply" : "note");
    if (meaning === "send") send(false);
    if (meaning === "sendAndResolve") send(true);
  };
  return (
    <form
      ref={form}
      data-mode={mode}
      className={cx(
        "shrink-0 border-t px-4 pt-2 pb-3",
        mode === "note" ? "border-note-line bg-note" : "border-line bg-surface",
      )}
      onSubmit={(event) => {
        event.preventDefault();
        send(false);
      }}
    >
      {isReplyable && (
        <Suggested conv={conv} view={view} asking={asking} onInsert={writing.insert} />
      )}
      <ModeSwitch mode={mode} isReplyable={isReplyable} onChoose={choose} />
      {!isReplyable && <Locked conv={conv} view={view} />}
      <div className="relative">
        {mode === "note" && <Mentions field={field} text={text} onChange={change} />}
        <Canned key={key} conv={conv} field={field} text={text} onChange={change} />
        <textarea
          ref={field}
          rows={2}
          // What is written decides; the hint runs like the page.
          dir={text === "" ? undefined : "auto"}
          value={text}
          aria-label={t(mode === "note" ? "writeNote" : "writeReply")}
          placeholder={t(mode === "note" ? "notePlaceholder" : "replyPlaceholder")}
          aria-invalid={problem !== ""}
          aria-describedby="composer-problem"
          className={cx(
            "w-full resize-none bg-transparent py-1.5 text-[14px] leading-6 outline-none",
            mode === "note" ? "text-note-ink placeholder:text-note-ink" : "placeholder:text-muted",
          )}
          onChange={(event) => change(event.currentTarget.value)}
          onKeyDown={onKeyDown}
        />
      </div>
      {files.count > 0 && (
        <Suspense>
          <Attachments draft={key} ready={files.ready} underWay={files.underWay} />
        </Suspense>
      )}
      <Foot mode={mode} isEmpty={text.trim() === "" && files.count === 0} problem={problem}>
        <AttachButton types={files.limits?.types} onFiles={files.add} />
        {mode === "reply" && <SuggestButton {...asking} />}
      </Foot>
    </form>
  );
}

interface SuggestedProps extends Pick<ComposerProps, "conv" | "view"> {
  readonly asking: ReturnType<typeof useAsking>;
  readonly onInsert: (taken: Taken) => void;
}

/** Whether answers were asked for here; another conversation begins without. */
function useAsking(conv: string, mayAsk: boolean) {
  const [asked, setAsked] = useState("");
  const ask = () => setAsked(conv);
  useActions(mayAsk ? { suggest: ask } : {});
  return { isOpen: mayAsk && asked === conv, onAsk: ask, onClose: () => setAsked("") };
}

/** What was asked for, or else the newest that the bot proposes by itself. */
function Suggested({ conv, view, asking, onInsert }: SuggestedProps) {
  const settled = useSettledSuggestions(({ ids }) => ids);
  const message = openSuggestion(view.items, settled);
  if (asking.isOpen) {
    return (
      <Suspense>
        <Proposals key={conv} conv={conv} view={view} onInsert={onInsert} {...asking} />
      </Suspense>
    );
  }
  if (message === undefined) return null;
  return (
    <Suspense>
      <Suggestion key={message.id} conv={conv} message={message} onInsert={onInsert} />
    </Suspense>
  );
}

function useFocusWhenTaken(conv: string, field: RefObject<HTMLTextAreaElement | null>): void {
  const isTaken = useToWrite((wish) => wish.conv === conv);
  useEffect(() => {
    if (!isTaken) return;
    field.current?.focus();
    wantToWrite(null);
  }, [isTaken, field]);
}

/** The text, its mode and how it leaves. */
function useWriting(
  conv: string,
  view: ConversationView,
  field: RefObject<HTMLTextAreaElement | null>,
) {
  const { client, agent } = useSession();
  const { t } = useWords();
  const acts = useConversationActs();
  const ownership = ownershipOfView(view);
  // The bot has the floor, or it is over: a reply would be refused.
  const isReplyable = ownership !== "bot" && ownership !== "resolved";
  const [wanted, setWanted] = useState<Mode>("reply");
  const mode = isReplyable ? wanted : "note";
  const key = draftKey(agent.id, conv, mode);
  const text = useDrafts(({ texts }) => texts[key]) ?? draftOf(key);
  const files = useFiles(conv, key);
  const cards = useCards(files.ready);
  const [refusal, setRefusal] = useState("");
  const problem = isTooLong(text.trim()) ? t("tooLong") : refusal;
  useDraftSync(conv, view.seq);
  useTellTaken(view);
  const typed = useRef(client);
  typed.current = client;
  useEffect(() => () => typed.current.typing(conv, false), [conv]);
  const change = (next: string) => {
    setDraft(key, next);
    setRefusal("");
    client.typing(conv, next.trim() !== "", { note: mode === "note" });
  };
  const choose = (next: Mode) => {
    const change = () => {
      setWanted(next);
      setRefusal("");
    };
    client.typing(conv, false);
    showThen(change, () => field.current?.focus());
  };
  const insert = (taken: Taken) => {
    choose("reply");
    const reply = draftKey(agent.id, conv, "reply");
    setDraft(reply, [draftOf(reply).trimEnd(), taken.text].filter(Boolean).join("\n\n"));
    beginWith(reply, taken);
  };
  const send = (thenResolve: boolean) => {
    const content = text.trim();
    const attached = files.underWay.length === 0 ? cards() : null;
    if (attached === null) return setRefusal(files.problem || t("filesStuck"));
    if ((content === "" && attached.length === 0) || isTooLong(content)) return;
    dropDraft(key);
    const taken = endOf(key);
    const body = mode === "note" ? noteBody(content) : replyBody(view);
    const options = attached.length === 0 ? body : { ...body, files: attached };
    client.send(conv, content, options).then(
      (id) => {
        sentWith(id, taken);
        return thenResolve && acts.resolve(conv);
      },
      (cause: unknown) => {
        setDraft(key, content);
        beginWith(key, taken);
        setFiles(key, files.ready);
        setRefusal(asChorusError(cause).message);
      },
    );
  };
  return { mode, key, text, files, change, choose, insert, send, problem, isReplyable };
}

/** What is known of the files of a draft; null while one of them is not known, or gone. */
function useCards(ready: readonly string[]): () => readonly FileInfo[] | null {
  const { client } = useSession();
  const cache = useQueryClient();
  return () => {
    const cards = ready.map((id) => cache.getQueryData<FileInfo>(fileQuery(client, id).queryKey));
    return cards.every((card) => card !== undefined) ? cards : null;
  };
}

function noteBody(content: string) {
  const mentions = mentionedIn(content);
  return { visibility: "agents" as const, ...(mentions.length > 0 ? { mentions } : {}) };
}

/**
 * A reply says what its author had seen, so that nobody answers over a colleague unawares; what is
 * written without a network says it too, and is asked about when it leaves.
 */
function replyBody({ seq }: ConversationView) {
  return { visibility: "public" as const, expected_seq: seq };
}

function Locked({ conv, view }: Pick<ComposerProps, "conv" | "view">) {
  const { t } = useWords();
  const acts = useConversationActs();
  const isBot = ownershipOfView(view) === "bot";
  return (
    <p className="mb-1 flex flex-wrap items-center gap-3 rounded-md bg-surface px-3 py-1.5 text-xs text-muted">
      {t(isBot ? "botHasIt" : "isResolved")}
      {isBot ? (
        <Button size="small" look="primary" onClick={() => void acts.claim(conv)}>
          <Hand className="size-3.5" aria-hidden="true" /> {t("takeOver")}
        </Button>
      ) : (
        <Button size="small" onClick={() => void acts.reopen(conv)}>
          {t("reopen")}
        </Button>
      )}
    </p>
  );
}

const MOST_PX = 240;

function fit(field: HTMLTextAreaElement | null, text: string): void {
  if (field === null) return;
  field.style.blockSize = "auto";
  if (text !== "") field.style.blockSize = `${Math.min(field.scrollHeight, MOST_PX)}px`;
}
