import { setImmediate as turn } from "node:timers/promises";
import type { ImportProblem } from "@netconductor/contracts/devices/model";
import { type FoundRow, ImportRow, type Place } from "./fields.ts";

export type CheckedRow = Place & { fields: ImportRow };

const rowsATurn = 500;

/** Rows whose every value is of its field's form and whose names differ; each fault is a problem with its place. */
export async function checkRows(found: FoundRow[], problems: ImportProblem[]): Promise<CheckedRow[]> {
	const checked: CheckedRow[] = [];
	const lineOfName = new Map<string, number>();
	for (const [index, { row, line, values }] of found.entries()) {
		if (index % rowsATurn === rowsATurn - 1) await turn();
		const parsed = ImportRow.safeParse(Object.fromEntries(values));
		if (!parsed.success) {
			const told = new Set<string>();
			for (const issue of parsed.error.issues) {
				const column = String(issue.path[0]);
				if (told.has(column)) continue;
				told.add(column);
				const missing = column === "name" && (values.get("name") ?? "") === "";
				problems.push({ row, line, column, message: missing ? "A device needs a name" : issue.message });
			}
			continue;
		}
		const name = parsed.data.name.toLowerCase();
		const earlier = lineOfName.get(name);
		if (earlier !== undefined) {
			problems.push({ row, line, column: "name", message: `${parsed.data.name} is in line ${earlier} already` });
			continue;
		}
		lineOfName.set(name, line);
		checked.push({ row, line, fields: parsed.data });
	}
	return checked;
}
