import { expect, test } from "vitest";
import { csvText } from "./csv.ts";

const written = (cells: string[]) => csvText([cells]).slice(1);

test("cells with commas, quotes and line ends come back whole from a CSV reader", () => {
	expect(written(["a,b", 'say "x"', "two\nlines", ""])).toBe('"a,b","say ""x""","two\nlines",\r\n');
});

test("what a spreadsheet would run as a formula is text", () => {
	for (const formula of ["=1+1", "+1", "-1", "@SUM(1)", "\tx", "\rx", "'x"]) {
		expect(written([formula])).toMatch(/^"?'/);
	}
	expect(written(["192.0.2.1 = ok"])).toBe("192.0.2.1 = ok\r\n");
});

test("a spreadsheet is told that the file is UTF-8", () => {
	expect(csvText([["Zürich"]]).codePointAt(0)).toBe(0xfeff);
});
