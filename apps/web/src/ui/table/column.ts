import type { ReactNode } from "react";

/** A column of a list. */
export interface Column<Row> {
	id: string;
	/** Head of the column, its name in the choice of columns and in the CSV file. */
	label: string;
	cell: (row: Row) => ReactNode;
	/** The same in words, for the CSV file; a column without is left out there. */
	text?: (row: Row) => string;
	/** The server's name of the order by this column. */
	sort?: string;
	/** Width in pixels; without one the column takes a share of what is left. */
	width?: number;
	/** Numbers stand right. */
	number?: boolean;
	/** Smallest page that shows it: a telephone, a tablet, a desk; or only who asks for it. A telephone unless told. */
	from?: "narrow" | "medium" | "wide" | "asked";
}
