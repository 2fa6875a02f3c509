import { apis } from "@netconductor/contracts/apis";
import { isChange } from "@netconductor/contracts/kernel/operation";

/** Every operation of which the trail may tell, by what it does. */
export const auditedOperations: readonly { value: string; label: string }[] = Object.values(apis)
	.flatMap(({ operations }) =>
		Object.entries(operations).flatMap(([value, operation]) =>
			isChange(operation) ? [{ value, label: operation.summary }] : [],
		),
	)
	.sort((one, other) => one.label.localeCompare(other.label));
