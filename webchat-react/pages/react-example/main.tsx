import { StrictMode, useState } from "react";
import { createRoot } from "react-dom/client";
import { ChorusWidget, useChorus } from "../../src/react.tsx";

interface DemoFacts {
  readonly inboxKey: string;
}

const TIMEOUT_MS = 10_000;

function Facts() {
  const { open, unread, connection, availability } = useChorus();
  return (
    <dl>
      <dt>Panel</dt>
      <dd data-fact="panel">{open ? "open" : "closed"}</dd>
      <dt>Connection</dt>
      <dd data-fact="connection">{connection}</dd>
      <dt>Unread</dt>
      <dd data-fact="unread">{unread}</dd>
      <dt>Hours</dt>
      <dd data-fact="hours">
        {availability === null ? "not asked yet" : availability.open ? "open" : "closed"}
      </dd>
    </dl>
  );
}

function Page({ inboxKey }: DemoFacts) {
  const { chorus } = useChorus();
  const [shown, setShown] = useState(true);
  const [sent, setSent] = useState(0);
  return (
    <main>
      <h1>Chorus in a React page</h1>
      <p>
        A component puts the chat on the page, a hook knows how it is, and this page has heard of{" "}
        <b data-fact="sent">{sent}</b> messages that were sent.
      </p>
      <p>
        <button type="button" onClick={() => void chorus("open")}>
          Open the chat
        </button>
        <button type="button" onClick={() => setShown(!shown)}>
          {shown ? "Take it away" : "Put it back"}
        </button>
      </p>
      <Facts />
      {shown && (
        <ChorusWidget
          server={location.origin}
          inboxKey={inboxKey}
          title="React corner"
          on={{ "message:sent": () => setSent(sent + 1) }}
        />
      )}
    </main>
  );
}

const answer = await fetch("/dev/demo.json", { signal: AbortSignal.timeout(TIMEOUT_MS) });
const facts = (await answer.json()) as DemoFacts;
const root = document.querySelector("#root");
if (root !== null) {
  createRoot(root).render(
    <StrictMode>
      <Page inboxKey={facts.inboxKey} />
    </StrictMode>,
  );
}
