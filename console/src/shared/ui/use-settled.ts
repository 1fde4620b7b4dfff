import { useEffect, useRef } from "react";

/** Tell of a value once it has not changed for a while; the one at the beginning is no news. */
export function useSettled<T>(value: T, afterMs: number, onSettled: (value: T) => void): void {
  const tell = useRef(onSettled);
  const told = useRef(value);
  useEffect(() => {
    tell.current = onSettled;
  });
  useEffect(() => {
    if (Object.is(value, told.current)) return;
    const timer = setTimeout(() => {
      told.current = value;
      tell.current(value);
    }, afterMs);
    return () => clearTimeout(timer);
  }, [value, afterMs]);
}
