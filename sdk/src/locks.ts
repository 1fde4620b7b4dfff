/**
 * Do something that only one page of a browser does at a time. Where all data of sites is
 * forbidden, locks are too; then no page shares anything with another, and each goes ahead.
 */
export async function underLock<T>(
  locks: LockManager,
  name: string,
  options: LockOptions,
  act: () => Promise<T>,
): Promise<T> {
  let granted = false;
  try {
    return await locks.request(name, options, () => {
      granted = true;
      return act();
    });
  } catch (cause) {
    if (granted || !(cause instanceof DOMException) || cause.name !== "SecurityError") throw cause;
    return act();
  }
}
