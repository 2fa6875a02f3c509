import { Choice, TruthChoice } from "./table/choice.tsx";

interface Filter {
	status?: "succeeded" | "failed" | undefined;
	changed?: "true" | "false" | undefined;
}

/** Filters of a list of backups: which succeeded, and which found something new. */
export function BackupChoices({ search, onFilter }: { search: Filter; onFilter: (change: Filter) => void }) {
	return (
		<>
			<Choice
				label="Status"
				any="Any status"
				options={[
					{ value: "succeeded", label: "Succeeded" },
					{ value: "failed", label: "Failed" },
				]}
				value={search.status}
				onChange={(status) => onFilter({ status })}
				width={130}
			/>
			<TruthChoice
				label="Change"
				any="Changed or not"
				yes="Changed"
				no="Unchanged"
				value={search.changed}
				onChange={(changed) => onFilter({ changed })}
			/>
		</>
	);
}
