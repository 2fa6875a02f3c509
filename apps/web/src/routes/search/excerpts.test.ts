import { expect, test } from "vitest";
import { excerpts, type Hit } from "./excerpts.ts";

const config = ["interface e1", " ip a", " mtu 1", "interface e2", " ip b", "!", "ntp x", "ip c"];

function hit(line: number, section: string | null = null): Hit {
	return {
		line,
		text: config[line - 1] ?? "",
		start: 1,
		end: 3,
		section,
		before: config.slice(Math.max(0, line - 2), line - 1),
		after: config.slice(line, line + 1),
	};
}

const numbers = (hits: Hit[]) => excerpts(hits).map((lines) => lines.map(({ number }) => number));

test("hits whose surroundings touch become one excerpt, in which each line stands once and each hit stays a hit", () => {
	expect(numbers([hit(2), hit(5), hit(8)])).toEqual([[1, 2, 3, 4, 5, 6, 7, 8]]);
	const [lines] = excerpts([hit(2), hit(3)]);
	expect(lines?.filter((line) => line.hit !== undefined).map(({ number }) => number)).toEqual([2, 3]);
	expect(lines?.map(({ number }) => number)).toEqual([1, 2, 3, 4]);
});

test("an excerpt begins with the heading of its section where that is not among its lines", () => {
	expect(numbers([hit(2, "interface e1"), hit(8)])).toEqual([
		[1, 2, 3],
		[7, 8],
	]);
	expect(excerpts([hit(3, "interface e1")])[0]?.[0]).toEqual({ number: 0, text: "interface e1" });
});
