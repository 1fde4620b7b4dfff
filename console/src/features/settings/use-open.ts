import { useNavigate } from "@tanstack/react-router";

/** Go to an item of a section, or without one to its list. */
export function useOpen(section: string): (id?: string) => void {
  const navigate = useNavigate();
  return (id) =>
    id === undefined
      ? void navigate({ to: "/settings/$section", params: { section } })
      : void navigate({ to: "/settings/$section/$id", params: { section, id } });
}
