/** The sign of Chorus: voices that meet. */
export function Logo({ className }: { readonly className?: string }) {
  return (
    <svg
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.8"
      strokeLinecap="round"
      aria-hidden="true"
      className={className}
    >
      <path d="M4 17c0-8 3.5-13 8-13s8 5 8 13" />
      <path d="M8 17c0-5 1.6-8 4-8s4 3 4 8" />
      <circle cx="12" cy="17.6" r="1.4" fill="currentColor" stroke="none" />
    </svg>
  );
}
