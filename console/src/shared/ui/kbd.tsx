/** Keys as they stand on the keyboard. */
export function Keys({ keys }: { readonly keys: string }) {
  return (
    <span className="inline-flex gap-0.5" aria-hidden="true">
      {keys.split(" ").map((key) => (
        <kbd key={key} className="kbd">
          {key}
        </kbd>
      ))}
    </span>
  );
}
