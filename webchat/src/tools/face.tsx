import { useScene } from "../panel/use-scene";

interface FaceProps {
  /** Null of a bot. */
  readonly userId: string | null;
  readonly name: string;
}

/** Who speaks, as a picture that the page gave, or as the first letter of their name. */
export function Face({ userId, name }: FaceProps) {
  const { avatars = true } = useScene().settings;
  if (avatars === false) return null;
  const pictures = avatars === true ? {} : avatars;
  const source = pictures[userId ?? ""] ?? pictures[name];
  return (
    <span class="face" aria-hidden="true">
      {source === undefined ? [...name][0] : <img src={source} alt="" />}
    </span>
  );
}
