import { useSettings } from "./settings";

/** Show the chosen colours and density, and follow the system where it decides. */
export function applyAppearance(): void {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const apply = () => {
    const { theme, density } = useSettings.getState();
    const { dataset } = document.documentElement;
    dataset.theme = theme === "system" ? (dark.matches ? "dark" : "light") : theme;
    dataset.density = density;
  };
  apply();
  dark.addEventListener("change", apply);
  useSettings.subscribe(apply);
}
