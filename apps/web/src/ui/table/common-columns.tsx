import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { Ago } from "../time.tsx";
import { count, moment } from "../words.ts";
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

/** How long ago it was used last. */
export function lastUsedColumn<Row extends { last_used_at: string | null }>(): Column<Row> {
	return {
		id: "used",
		label: "Last used",
		sort: "last_used_at",
		from: "medium",
		width: 130,
		text: ({ last_used_at }) => last_used_at ?? "",
		cell: ({ last_used_at }) => (
			<span className="nc-dim">{last_used_at === null ? "never" : <Ago at={last_used_at} />}</span>
		),
	};
}

/** What it may do: named where they are few. */
export function permissionsColumn<Row extends { permissions: string[] }>(where: Where<Row>): Column<Row> {
	return {
		id: "permissions",
		label: "May",
		text: ({ permissions }) => permissions.join(" "),
		cell: ({ permissions }) => (
			<span title={permissions.join("\n")}>
				{permissions.length > 2 ? count(permissions.length, "permission") : permissions.join(", ")}
			</span>
		),
		...where,
	};
}

/** How long ago it came to be. */
export function addedColumn<Row extends { created_at: string }>(where: Where<Row>, label = "Added"): Column<Row> {
	return {
		id: "created",
		label,
		sort: "created_at",
		width: 130,
		text: ({ created_at }) => created_at,
		cell: ({ created_at }) => (
			<span className="nc-dim">
				<Ago at={created_at} />
			</span>
		),
		...where,
	};
}
