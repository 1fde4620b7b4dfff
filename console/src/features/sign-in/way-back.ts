const KEY = "chorus:after-sign-in";
/** Where somebody comes back to from an identity provider. */
const ARRIVAL = "/console/sign-in";

/** Keep the page that was asked for while its reader is away to sign in. */
export function rememberPlace(): void {
  if (location.pathname !== ARRIVAL) {
    sessionStorage.setItem(KEY, location.pathname + location.search);
  }
}

/** Whether somebody is on their way in. Who is signed in already, and brings no code, goes on. */
export function isArriving(isSignedIn: boolean): boolean {
  if (location.pathname !== ARRIVAL) return false;
  if (!isSignedIn || location.hash.startsWith("#code=")) return true;
  goBack();
  return false;
}

/** The page that was asked for, in the address again; the inbox where none was. */
export function goBack(): void {
  if (location.pathname !== ARRIVAL) return;
  const asked = sessionStorage.getItem(KEY) ?? "";
  sessionStorage.removeItem(KEY);
  history.replaceState(null, "", isPage(asked) ? asked : "/console");
}

/** A page of the console, and no other address. */
export function isPage(path: string): boolean {
  return /^\/console(?:$|[/?])/u.test(path);
}
