import type { ReactNode } from "react";
import { Icon } from "./icon.tsx";

/** Head of a column that the server sorts by. `sort` is a field name, with `-` before it for descending. */
export function SortHeader({
	field,
	sort,
	onSort,
	className,
	children,
}: {
	field: string;
	sort: string;
	onSort: (sort: string) => void;
	className?: string;
	children: ReactNode;
}) {
	const up = sort === field;
	const down = sort === `-${field}`;
	return (
		<th scope="col" className={className} aria-sort={up ? "ascending" : down ? "descending" : "none"}>
			<button type="button" className="nc-sort nc-state" onClick={() => onSort(up ? `-${field}` : field)}>
				{children}
				{up && <Icon name="up" size={12} />}
				{down && <Icon name="down" size={12} />}
			</button>
		</th>
	);
}
