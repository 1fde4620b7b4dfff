/** A sentence about what went wrong, read out at once. */
export function MessageSentence({ text }: { readonly text: string }) {
  return (
    <p class="problem" role="alert">
      {text}
    </p>
  );
}
