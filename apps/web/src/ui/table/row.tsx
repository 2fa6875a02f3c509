import { memo, type Ref } from "react";
import type { Column } from "./column.ts";
import { Tick } from "./tick.tsx";

interface Props<Item> {
	row: Item;
	/** Place on the page, from 0. */
	index: number;
	/** Place in the whole list as a screen reader counts, the head included. */
	position: number;
	columns: readonly Column<Item>[];
	measure: Ref<HTMLTableRowElement> | undefined;
	tone: "bad" | "warn" | undefined;
	current: boolean;
	/** Undefined where rows cannot be chosen. */
	chosen: boolean | undefined;
	name: string;
	onChoose: (row: Item, chosen: boolean) => void;
}

function PlainRow<Item>({
	row,
	index,
	position,
	columns,
	measure,
	tone,
	current,
	chosen,
	name,
	onChoose,
}: Props<Item>) {
	return (
		<tr
			ref={measure}
			data-index={index}
			data-tone={tone}
			data-selected={chosen || current || undefined}
			aria-current={current || undefined}
			aria-rowindex={position}
		>
			{chosen !== undefined && (
				<td>
					<Tick label={`Select ${name}`} checked={chosen} onChange={(now) => onChoose(row, now)} />
				</td>
			)}
			{columns.map((column) => (
				<td key={column.id} className={column.number ? "nc-number" : undefined}>
					{column.cell(row)}
				</td>
			))}
		</tr>
	);
}

/** One row of a list; drawn anew only when it or its place changed. */
export const Row = memo(PlainRow) as typeof PlainRow;
