import { useScreenWords } from "../words/screen-words";
import { Button } from "./button";

interface MoreProps {
  readonly of: {
    readonly hasNextPage: boolean;
    readonly isFetchingNextPage: boolean;
    readonly fetchNextPage: () => unknown;
  };
}

/** The next page, where there is one. */
export function More({ of }: MoreProps) {
  const { t } = useScreenWords();
  if (!of.hasNextPage) return null;
  return (
    <div className="flex justify-center p-3">
      <Button disabled={of.isFetchingNextPage} onClick={() => void of.fetchNextPage()}>
        {t(of.isFetchingNextPage ? "loading" : "loadMore")}
      </Button>
    </div>
  );
}
