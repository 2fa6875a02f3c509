/**
 * Spreadsheets run a cell that starts like this as a formula, also one from a text file (CWE-1236). Such a cell is written with `'` before it, and one
 * that starts with `'` and then like this gets one more, so that taking one away when it is read gives every value back.
 */
const formula = /^'*[=+\-@\t\r\n]/;

/** A cell of a CSV file (RFC 4180) that no spreadsheet runs. Always in quotes, so that blanks at the ends survive and no value decides about its form. */
export function csvCell(text: string): string {
	if (text === "") return "";
	const guarded = formula.test(text) ? `'${text}` : text;
	return `"${guarded.replaceAll('"', '""')}"`;
}

/** What `csvCell` was given, from a cell whose quotes are gone. */
export function unguardCell(cell: string): string {
	return cell.startsWith("'") && formula.test(cell) ? cell.slice(1) : cell;
}
