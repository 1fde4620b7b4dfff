/** A table from a spreadsheet comes as text and as a picture; there the text is meant. */
export function bringsFiles(carried: Pick<DataTransfer, "types"> | null): boolean {
  const types = carried?.types ?? [];
  return types.includes("Files") && !types.includes("text/plain");
}
