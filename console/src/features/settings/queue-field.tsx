import { useQueues } from "../../shared/api/queries";
import { SelectField } from "../../shared/ui/form";

interface QueueFieldProps {
  readonly label: string;
  readonly value: string | null;
  /** What it says where no queue is chosen. */
  readonly nothing: string;
  readonly hint: string;
  readonly problem: string | undefined;
  readonly onChange: (id: string | null) => void;
  /** A queue that cannot be chosen here. */
  readonly without?: string;
}

/** One of the queues, or none. */
export function QueueField({ value, nothing, onChange, without, ...rest }: QueueFieldProps) {
  const queues = useQueues().data ?? [];
  return (
    <SelectField
      {...rest}
      value={value ?? ""}
      options={[
        { value: "", label: nothing },
        ...queues
          .filter(({ id }) => id !== without)
          .map(({ id, name }) => ({ value: id, label: name })),
      ]}
      onChange={(id) => onChange(id === "" ? null : id)}
    />
  );
}
