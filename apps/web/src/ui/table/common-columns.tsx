import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { moment } from "../words.ts";
import type { Column } from "./column.ts";

type Where<Row> = Pick<Column<Row>, "from" | "width">;

/** Who began it. */
export function startedByColumn<Row extends { started_by: string }>(where: Where<Row>): Column<Row> {
	return {
		id: "started_by",
		label: "Started by",
		text: ({ started_by }) => started_by,
		cell: ({ started_by }) => visibleLine(started_by),
		...where,
	};
}

/** When it was made, to the second; the newest first is the order of most lists. */
export function createdAtColumn<Row extends { created_at: string }>(label: string): Column<Row> {
	return {
		id: "created_at",
		label,
		sort: "created_at",
		from: "medium",
		width: 190,
		text: ({ created_at }) => created_at,
		cell: ({ created_at }) => (
			<time className="nc-dim" dateTime={created_at}>
				{moment(created_at)}
			</time>
		),
	};
}
