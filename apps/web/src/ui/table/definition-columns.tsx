import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { Ago } from "../time.tsx";
import type { Column } from "./column.ts";

// What lists of things that people write and change have in common: templates, stacks, procedures.

/** From which width on it is shown, and how wide it is. */
type Look = Pick<Column<never>, "from" | "width">;

export function descriptionColumn<Row extends { description: string }>(): Column<Row> {
	return {
		id: "description",
		label: "Description",
		from: "wide",
		text: ({ description }) => description,
		cell: ({ description }) => (
			<span className="nc-dim" title={visibleLine(description)}>
				{visibleLine(description)}
			</span>
		),
	};
}

export function changedColumn<Row extends { updated_at: string }>(look: Look): Column<Row> {
	return {
		id: "updated",
		label: "Changed",
		sort: "updated_at",
		text: ({ updated_at }) => updated_at,
		cell: ({ updated_at }) => (
			<span className="nc-dim">
				<Ago at={updated_at} />
			</span>
		),
		...look,
	};
}

export function changedByColumn<Row extends { updated_by: string }>(look: Look): Column<Row> {
	return {
		id: "updated_by",
		label: "By",
		text: ({ updated_by }) => updated_by,
		cell: ({ updated_by }) => visibleLine(updated_by),
		...look,
	};
}
